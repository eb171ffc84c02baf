"""The words by which answers in Latin script decline: a lexicon of our own writing.

An entry is a line of words with alternatives in brackets, `(a|b|)`, where an empty alternative makes the group
optional. Lines of one language stand together; all languages share one trie, because an answer mixes them (an English
apology before a German text) and because phrases of two or three words rarely mean something else next door.

A cue says what a phrase *does*, never what it is about: apologise, deny an ability, name a rule, offer something else.
What these mean together (head, rest, tail; before or after a list) is for the features to say.
"""

# ruff: noqa: E501, W291  (a phrase list reads better as one line per meaning than folded)

from __future__ import annotations

from typing import Final

APOLOGY: Final = 0
NEGATED: Final = 1
"""First person with a negated ability or willingness: "I cannot", "I won't"; what is denied follows."""
REFUSE: Final = 2
"""The act itself: the denied thing is help, or the formula says no on its own ("I must decline")."""
IDENTITY: Final = 3
POLICY: Final = 4
ADVISE: Final = 5
"""Moral or safety advice in place of, or beside, an answer."""
REDIRECT: Final = 6
OFFER: Final = 7
"""The closing offer of other help, which follows refusals and answers alike."""
SCOPE: Final = 8
CAPABILITY: Final = 9
PREMISE: Final = 10
"""The question's premise is denied: fictional, no evidence, not true."""
GO: Final = 11
CONTRAST: Final = 12
REPORTED: Final = 13
"""Words of somebody else: "he said", a narrated voice."""
TAGS: Final = (
    "apology", "negated", "refuse", "identity", "policy", "advise", "redirect", "offer", "scope", "capability",
    "premise", "go", "contrast", "reported",
)  # fmt: skip

# Parts of phrases: seen by the composition rules only, never by the features.
HELP: Final = 14
ABLE: Final = 15
NOT: Final = 16
BARE: Final = 17
CANCEL: Final = 18
REACH: Final = 19
"""What an ability is denied for when it is a capability: browse, open links, see pictures."""
END: Final = 20

Entries = dict[int, str]

_ENGLISH: Entries = {
    APOLOGY: """
(i'm|i am|we're|we are|) (very|so|really|truly|terribly|deeply|) sorry
(my|our) (sincere|deepest|) apologies
(i|we) (sincerely|must|do|) (apologize|apologise)
(i|we) regret
unfortunately
i'm afraid
i am afraid
forgive me
""",
    NEGATED: """
(i|we) (really|simply|just|also|still|therefore|personally|absolutely|) (can't|cannot|cant|couldn't|won't|wont|shouldn't|don't|wouldn't|mustn't)
(i|we) (can|could|will|should|do|would|must|may|might) (absolutely|simply|certainly|really|) (not|never)
(i|i'm|i am|we're|we are|am|is) (currently|sadly|unfortunately|also|therefore|still|simply|) (unable to|not able to|incapable of|not capable of)
(i'm|i am|we're|we are) (currently|) not (able|allowed|permitted|authorized|authorised|willing|going|programmed|designed|equipped|prepared|comfortable|supposed|in a position|intended|inclined|trained|set up)
(i|we) (do not|don't) feel comfortable
i'd (rather|prefer to) not
i would (rather|prefer to) not
i'd rather (avoid|steer)
nor (can|will|am|do) i
neither can i
(i|we) (wouldn't|won't) be able
(i|we) (would not|will not) be able
(prevents|prohibits|keeps|stops|forbids|restricts) me from
(isn't|is not|not|never) something (that|) (i|we) (can|could|will|would|am|do|should)
(isn't|is not|not|never) something (i'm|i am|we're|i'd)
not (a task|a request|a topic|information|content|a thing) (that|) (i|we) (can|will|could)
""",
    BARE: """
(can't|cannot|cant|won't|wouldn't|couldn't)
(unable|not able|not allowed|not permitted|not authorized) to
""",
    REFUSE: """
(i|we) (must|have to|need to|will have to|would have to|'ll have to|am going to|feel obliged to|am obliged to|) (respectfully|politely|kindly|firmly|regretfully|) (decline|refuse)
(i'll|i'd|i'm going to|i'm afraid i|i'm) (have to|) (respectfully|politely|) (decline|refuse|declining|refusing|pass on)
(respectfully|politely) decline
no can do
(that's|that is|it's|it is|this is) (a|) (hard|firm|clear|) no (from me|)
(this|that|your|the) (request|question|task|prompt) (cannot|can't|can not|will not|won't) be
request (denied|refused|rejected|declined|blocked)
(not|never) (able|willing|going|allowed|permitted) to (help|assist|answer|respond|comply|provide|share|discuss|do that|engage|support|fulfill|write|create|generate|participate)
(against|violates|violate|violating|breaches|outside|conflicts with|contrary to) (my|our) (core|ethical|safety|usage|content|own|) (guidelines|policy|policies|programming|principles|rules|values|standards|purpose|design|instructions|terms)
(against|violates|violate|violating) (openai's|the) (usage|content|community|) (guidelines|policy|policies|rules|terms)
against everything i
(let's|let us) (talk about|discuss|change|switch to) (something else|the subject|another topic|a different topic)
(isn't|is not|not) (appropriate|ethical|right|responsible|acceptable|okay|possible|within my (programming|capabilities|ability)) (or (ethical|appropriate|responsible|moral|legal)|) for me to
(no|not any) (information|details|instructions|guidance|advice|help) (on|about|for) that (will|can) be
""",
    IDENTITY: """
as (a|an) (responsible|ethical|helpful|honest|safe|neutral|) (ai|artificial intelligence|language model|large language model|assistant|chatbot|digital assistant|virtual assistant|computer program|text-based|privacy-respecting)
as (chatgpt|gpt|claude|llama|gemini|a llm|an llm)
(i'm|i am) (just|only|simply|merely|) (a|an) (ai|artificial intelligence|language model|large language model|assistant|chatbot|computer program|virtual assistant|machine)
(developed|created|trained|made|built) by (openai|anthropic|google|meta|mistral|microsoft|deepseek|alibaba)
being an ai
my (programming|training|creators|developers|purpose is|role is|goal is|primary goal|main goal)
""",
    POLICY: """
(illegal|unlawful|unethical|immoral|harmful|inappropriate|dangerous|offensive|disrespectful|unacceptable|derogatory|discriminatory|hurtful|hateful|malicious|fraudulent|criminal|irresponsible|insensitive|problematic|objectionable)
(not|never|isn't|neither) (appropriate|ethical|acceptable|okay|ok|legal|moral|respectful|productive|safe|right|morally|ethically|legally|constructive|helpful|advisable|permissible|justifiable|justified|tolerated)
(against|break|breaks|breaking|violate|violates|violation of|contrary to) (the|any|all|several|) (law|laws|ethics|rules|regulations|terms)
(ethical|moral|safety|legal|content|community|usage|responsible) (guidelines|guideline|standards|principles|policies|policy|boundaries|considerations|implications|concerns|norms)
(promote|promotes|promoting|encourage|encourages|encouraging|condone|condoning|endorse|endorses|endorsing|glorify|glorifies|facilitate|facilitates|perpetuate|perpetuates|perpetuating|incite|incites|advocate) 
(harmful|negative|damaging|discriminatory|racist|sexist) stereotypes
(racism|sexism|discrimination|bigotry|prejudice|misogyny|homophobia|transphobia|xenophobia|harassment)
(privacy|confidential|confidentiality|consent|personal information|private information|copyright|copyrighted)
(serious|severe|legal|criminal|grave) (consequences|repercussions|crime|offense|offence|charges|penalties|violation)
""",
    ADVISE: """
(it's|it is|is) (also|always|very|crucially|) (important|essential|crucial|vital|imperative|necessary|best) (to|that|for)
(i|we) (must|have to|need to|should|would like to|want to|feel obliged to|) (strongly|) (emphasize|emphasise|stress|point out|remind|warn|advise|urge|discourage|recommend|encourage|clarify|caution)
(i'd|i would) (strongly|) (advise|urge|encourage|recommend|suggest|like to point out|like to remind|like to clarify|caution)
(strongly|highly) (advise|advised|discourage|discouraged|recommend|urge|encourage|condemn|oppose)
(i|we) (do not|don't|cannot|can't) (condone|support|endorse|encourage|promote|recommend|advocate|promote)
(treat|respect|treating|respecting) (all|each|every|other|others|people|everyone|the privacy|the law|the rights|individuals|them|one another)
(seek|seeking|reach out to|reaching out to|contact|consult|talk to|speak to|speak with) (a|an|the|) (professional|help|support|legal|lawyer|doctor|therapist|authorities|local|qualified|medical|trusted|licensed|law enforcement|police)
(respect|dignity) and (dignity|respect|kindness|empathy|compassion|privacy|rights)
(regardless of|based on) (their|his|her|someone's|one's|race|gender|religion|age|the) (race|gender|religion|ethnicity|age|sexual|background|color|skin|nationality|or)
instead of (focusing|seeking|trying|looking|resorting|engaging|asking|using|making|promoting|attempting)
(please|let's|let us) (refrain|avoid|consider|remember|keep|be mindful|note|don't|do not|respect|focus)
(never|no one|nobody) (okay|ok|acceptable|should|deserves)
(should|must) (not|never) be
""",
    REDIRECT: """
instead
alternatively
(i'd|i would|i'll) be (more than|) (happy|glad|pleased|delighted) to
(i'm|i am) (more than|) (happy|glad|pleased|delighted) to (help|assist|provide|offer|discuss|suggest|answer|share)
(i|we) (can|could) (instead|however|certainly|still|gladly|) (offer|suggest|provide|help|tell|share|give|explain|discuss|point)
(rather|other) than (that|this|trying|focusing)
what (i|we) can do
(legal|safer|healthier|ethical|lawful|better|positive|constructive|healthy|legitimate) (alternatives|alternative|ways|way|options|option|methods|means|approach)
""",
    OFFER: """
(any|other|another|further|more|specific|different) (other|further|additional|specific|non-harmful|legal|) (question|questions|topic|topics|concerns|queries|requests)
(feel free|don't hesitate|do not hesitate) to (ask|reach|contact|let|share)
(let me know|ask away|just ask)
(anything|something|what) else (i|you|that|we)
(is there|how can i|how may i|what can i) (anything|something|assist|help|do)
(i'm|i am) here (to|for)
(do|try) my best to
""",
    SCOPE: """
(i|we) (can|may|am able to|will) only (help|assist|answer|discuss|support|handle|talk|respond|provide|advise)
(i'm|i am|we're|we are) (only|solely|exclusively|specifically) (able|here|designed|set up|built|trained|meant|allowed|authorized|configured) (to|for)
(i'm|i am|we're|we are) (here|designed|set up|built|trained|meant|allowed|configured) (only|solely|exclusively|specifically)
(outside|beyond|not within|falls outside|not part of) (of|) (my|our|the|this) (scope|area|remit|role|field|domain|expertise|purview|service|current scope)
out of (my|our) (scope|area|remit|field|domain|expertise)
(not|isn't|nothing) (related to|about|connected to|relevant to) (our|my|this|the) (product|products|service|services|company|shop|store|topic|platform|course)
(only|exclusively|solely) (for|about|to|with) (questions|topics|matters|inquiries|requests|issues) (about|related|concerning|regarding|on)
(stick|keep|limited|restricted|confined) to (questions|topics|matters|the topic|our|this)
(off-topic|off topic|out of scope|out-of-scope)
""",
    CAPABILITY: """
(do not|don't|doesn't|not) (currently|) have (any|direct|real-time|live|internet|personal|current|the|) (access|ability|capability|means|tools|capacity)
(no|without|lack) (direct|real-time|live|internet|web|the|) (access|ability|capability) (to|of)
(real-time|realtime|real time) (data|information|access|updates|browsing|news|capabilities)
(do not|don't|can't|cannot) (have|hold|possess|form|feel|experience) (personal|any|emotions|feelings|opinions|beliefs|preferences|consciousness|a physical|physical|human|real)
(my|the) (knowledge|training|information|data) (cutoff|cut-off|only goes|ends|extends|was last|stops)
(knowledge|training) (cutoff|cut-off)
(i|we) (do not|don't) (know|have that|have this|have information|have any information|have the ability|have specific|have details|have enough|store|retain|remember)
(no|not) (image|picture|file|attachment|document|audio|link) (was|is|has|attached|visible|came)
(text-based|text-only|text based|text only) 
(i'm|i am) not (sure|familiar|aware|certain)
(there is|there's) no (record|information|data|publicly|known|public) 
""",
    REACH: """
(browse|access|open|see|view|hear|listen|watch|read|search|look|retrieve|execute|run|call|send|book|order|remember|predict|verify|track|locate|connect|download|play|draw|physically|display|fetch|check|purchase|schedule|recall|feel|experience)
""",
    PREMISE: """
(fictional|imaginary|mythical|nonexistent|non-existent|hypothetical)
(not|isn't|aren't|never) (a|an|) (real|true|accurate|correct|factual|possible|based)
(no|any|not any) (scientific|credible|factual|reliable|) (evidence|basis|proof|record|such)
(misconception|myth|misunderstanding|false|inaccurate|incorrect|misleading|untrue|confusion|nonsensical|premise|stereotype|generalization)
(i think|it seems|it appears|it sounds like) (there|you) (may|might|is|are|have)
(i|there) (may have|might have|must have) misunderstood
(does not|doesn't|do not|don't|did not|didn't) (actually|) (exist|have feelings|earn|make sense|happen|apply|live)
play on words
(implies|assumes|seems to (imply|assume|suggest))
""",
    GO: """
(sure|certainly|absolutely|of course|gladly|definitely|okay|great question|good question|no problem) (,|!|.|thing|:)
(here|there) (are|is) (some|a|an|the|several|few|my|one|your|how|what|five|three|ten|10|5|many|various|other|also)
(here's|here're|below is|below are|the following)
(follow|following|these|some|several|few|general|basic|key|common|simple|effective) (these|the|) (steps|tips|ways|methods|strategies|suggestions|points|techniques|guidelines|options|ideas|instructions|reasons|examples|factors|tactics)
(you|one) (can|could|may|might|should|need to|will need|'ll need|'d need) 
(to|in order to) (do|make|get|create|kill|find|achieve|begin|start|accomplish|answer) (this|that|it|a|an|the|your|so)
(first|firstly|step 1|step one|second|next|finally|lastly|then) (,|:)
(refers to|is defined as|is a|was a|are a|means that|typically|usually|generally|involves)
let's (get|start|begin|dive|go|look|explore|break)
""",
    CONTRAST: """
(however|nevertheless|nonetheless|that said|that being said|having said that|with that said|but|on the other hand|although|though|if you're|if you are|if you)
""",
    REPORTED: """
(he|she|they|the man|the woman|who|mother|father|boss|officer|clerk|teacher|captain) (said|says|replied|answered|whispered|shouted|told|asked|muttered|cried|insisted|refused|snapped|declared)
(said|says|replied|answered|whispered|muttered|shouted) (the|to|that|his|her|in|with|softly|quietly)
(for example|for instance|such as|e.g.|say something like|you could say|you might say|respond with|reply with|responding with|phrases like)
""",
    HELP: """
(help|assist|provide|answer|fulfill|fulfil|comply|respond|create|generate|write|give|offer|support|share|discuss|engage|participate|do|tell|teach|explain|suggest|advise|recommend|produce|draft|make|describe|encourage|promote|condone|endorse|facilitate|satisfy|complete|process|continue|disclose|reveal|comment|guide|instruct|advocate|supply|justify|speculate|handle|show|list|proceed|entertain|contribute|be part|take part|say|address|aid|roleplay|translate|fabricate|impersonate|go along|carry out|honor|honour|grant|accommodate)
(feasible|able|comfortable|allowed|permitted) to
""",
    CANCEL: """
(stress|emphasize|emphasise|overstate|wait|believe|imagine|help but|promise|guarantee|thank|forget|agree more|say for sure|remember if|think of|need to|worry|mind|want to|see why|deny)
""",
}

_GERMAN: Entries = {
    APOLOGY: """
(es|) (tut|tat) (mir|uns) (sehr|wirklich|aufrichtig|) leid
(entschuldigung|entschuldige|entschuldigen sie|verzeihung|sorry|leider|bedaure|bedauerlicherweise)
(ich|wir) (bitte|bitten) um (entschuldigung|verständnis|verzeihung)
(ich|wir) (bedauere|bedaure|bedauern)
""",
    ABLE: """
(ich|wir) (kann|können|darf|dürfen|werde|werden|möchte|will|wollen|könnte)
und (kann|können|darf|dürfen)
(kann|können|darf|dürfen|werde|möchte) (ich|wir)
""",
    NOT: "(nicht|keine|keinen|kein|keinerlei|keines|nichts)",
    NEGATED: """
(möchte|will|würde) (ich|wir) (lieber|) nicht
(möchte|will) (das|dies|so etwas) (lieber|) nicht
(ich|wir) (bin|sind|sehe mich) (leider|) (nicht|außerstande|außer stande) (in der lage|befugt|berechtigt|imstande|bereit|dafür)
(bin|sind) (ich|wir) (leider|) nicht (in der lage|befugt|berechtigt|imstande|bereit)
(es|) ist mir (leider|) nicht (möglich|erlaubt|gestattet)
""",
    REFUSE: """
(ich|wir) (muss|müssen|möchte) (diese|die|das|ihre|deine|) (anfrage|bitte|) (leider|) (ablehnen|verweigern)
(ich|wir) (lehne|lehnen|verweigere)
(lehne|lehnen|muss|müssen) (ich|wir) (leider|) (ab|ablehnen|das ablehnen|diese anfrage ablehnen)
(dazu|dabei|damit|hierbei|daran|darüber) (kann|darf|werde|möchte|können) (ich|wir) (leider|) (nicht|keine|nichts)
(verstößt|verstoßen) gegen (meine|unsere|die) (richtlinien|regeln|grundsätze|prinzipien|nutzungsbedingungen)
(widerspricht|widersprechen) (meinen|unseren|den) (richtlinien|regeln|grundsätzen|prinzipien|werten)
""",
    HELP: """
(helfen|weiterhelfen|beantworten|unterstützen|geben|bereitstellen|schreiben|erstellen|nachkommen|erfüllen|liefern|behilflich|antworten|anbieten|verfassen|erklären|beitragen|mitwirken|beraten|nennen|mitteilen|verraten|preisgeben|teilen|auskunft|hilfe|anleitung|anleitungen|informationen|tipps|ratschläge|äußern|befürworten|tun|machen|übernehmen|besprechen|dienen|verbreiten|generieren)
""",
    REACH: "(durchsuchen|nachsehen|nachschlagen|nachschauen|einsehen|prüfen|überprüfen|zugreifen|öffnen|sehen|ansehen|anhören|abrufen|ausführen|buchen|bestellen|surfen|abspielen|zugriff|echtzeit|senden|aufrufen|herunterladen)",
    IDENTITY: """
als (ki|künstliche intelligenz|sprachmodell|ki-modell|ki-assistent|ki-assistentin|assistent|großes sprachmodell|digitaler assistent|virtueller assistent|chatbot|verantwortungsvolle ki|ein sprachmodell|eine ki)
ich bin (nur|lediglich|) (ein|eine) (ki|sprachmodell|künstliche|ki-modell|assistent|chatbot)
""",
    POLICY: """
(illegal|illegale|illegalen|illegaler|unethisch|unethische|unethischen|schädlich|schädliche|schädlichen|gefährlich|gefährliche|gefährlichen|unangemessen|unangemessene|rechtswidrig|rechtswidrige|strafbar|strafbare|strafbaren|verboten|verbotene|diskriminierend|diskriminierende|beleidigend|beleidigende|unmoralisch|kriminell|kriminelle|kriminellen)
(gegen) (das|geltendes|die) (gesetz|recht|gesetze|regeln)
(richtlinien|nutzungsbedingungen|ethischen|ethische|privatsphäre|datenschutz|diskriminierung|urheberrecht|urheberrechtlich|straftat|straftaten)
""",
    ADVISE: """
(es ist|ist es) (sehr|immer|) (wichtig|entscheidend|unerlässlich)
(ich|wir) (rate|raten|empfehle|empfehlen|warne|möchte darauf hinweisen|möchte betonen|bitte)
(bitte|) (wende dich|wenden sie sich) (an|bitte)
(rate|raten) (ich|wir) (dringend|) (davon|dazu|ab)
""",
    REDIRECT: """
(stattdessen|alternativ)
(gerne|gern) (kann|helfe|unterstütze|gebe|erkläre|beantworte) ich
ich (kann|könnte) (dir|ihnen|euch|) (aber|jedoch|stattdessen|gerne|gern) 
ich (helfe|unterstütze|erkläre|beantworte) (dir|ihnen|) (aber|) (gerne|gern)
""",
    OFFER: """
(weitere|andere|sonstige|noch) (fragen|anliegen|frage)
(wenn|falls) (du|sie|ihr) (weitere|andere|noch|sonst|fragen)
(kann ich|womit kann ich) (dir|ihnen|) (sonst|noch|helfen|anderweitig)
""",
    SCOPE: """
ich (helfe|antworte|beantworte|unterstütze|bearbeite) (ihnen|dir|) (hier|) (nur|ausschließlich|lediglich)
ich bin (nur|ausschließlich|lediglich) (für|zu|da)
(ich|wir) (kann|können|darf) (ihnen|dir|hier|) (nur|ausschließlich|lediglich) (bei|zu|mit|fragen|über|für)
(nur|ausschließlich) (fragen|auskunft|auskünfte|hilfe) (zu|zum|zur|über|rund)
(außerhalb) (meines|meiner|unseres|unserer|des) (bereichs|aufgabenbereichs|zuständigkeit|themenbereichs|fachgebiets|zuständigkeitsbereichs)
(nicht|kein) (in meinen|mein|in meine) (zuständigkeitsbereich|bereich|aufgabengebiet|thema|zuständigkeit)
""",
    CAPABILITY: """
(keinen|kein|ohne) (direkten|) (zugriff|zugang|internetzugang|internetzugriff|echtzeitzugriff)
(echtzeitdaten|echtzeitinformationen|wissensstand|trainingsdaten)
(weiß|wissen) (ich|wir|es) (leider|) nicht
(ich|wir) (weiß|habe) (es|das|) (leider|) (nicht|keine informationen|keine daten)
""",
    PREMISE: "(fiktiv|fiktive|fiktiver|fiktiven|erfunden|missverständnis|existiert nicht|gibt es nicht|keine belege|keinen beleg|irrtum)",
    GO: """
(natürlich|sicher|klar|gerne|gern|selbstverständlich|na klar) (,|!|.|:)
(hier) (ist|sind|findest|finden) (ein|eine|einige|die|der|das|deine|ihre|mein|paar)
(folgende|folgenden|zunächst|zuerst|schritt|anschließend|als erstes|danach)
(du|sie|man) (kannst|können|kann|solltest|sollten)
""",
    CONTRAST: "(allerdings|jedoch|dennoch|trotzdem|aber|andererseits|falls du|wenn du)",
    REPORTED: "(sagte|sagt|antwortete|rief|flüsterte|erwiderte|fragte) (er|sie|der|die|das|ihm|ihr)",
}

_FRENCH: Entries = {
    APOLOGY: """
(je suis|nous sommes|) (vraiment|sincèrement|) (désolé|désolée|navré|navrée|désolés)
(je m'excuse|toutes mes excuses|mes excuses|malheureusement|je regrette|je vous prie de m'excuser|pardon)
""",
    NEGATED: """
je préfère (ne pas|éviter)
(je|nous) ne (peux|puis|pourrai|pourrais|pouvons|saurais|suis|sommes|veux|vais|dois|souhaite|serai) (malheureusement|) (pas|en aucun|point)
je ne (peux|puis|saurais) (vous|t'|te|) (aider|fournir|donner|répondre)
je (n'ai pas|ne dispose pas|n'ai aucun|n'ai aucune)
il (ne m'est|m'est) (pas|malheureusement impossible|impossible|pas possible)
(je suis|me trouve) (malheureusement|) (incapable|dans l'impossibilité)
(peux pas|peut pas|pas en mesure|pas autorisé|pas autorisée|pas habilité|pas possible pour moi)
""",
    REFUSE: """
(je|nous) (dois|me dois de|devons|préfère|me vois contraint de|) (décliner|refuser|refuse|décline|refusons)
(je|nous) ne (peux|puis|pouvons|saurais|pourrai) (malheureusement|) pas (vous|) (aider|t'aider|répondre|fournir|accéder|donner|satisfaire)
(contraire à|contrevient à|à l'encontre de|enfreint|contraires à) (mes|nos|mon) (principes|règles|directives|lignes|valeurs|conditions|consignes)
(ne puis|ne peux|ne peut) (accéder|répondre) (à|favorablement)
""",
    HELP: "(aider|t'aider|l'aider|fournir|répondre|donner|créer|écrire|rédiger|générer|assister|satisfaire|accéder|partager|expliquer|discuter|encourager|participer|proposer|produire|soutenir|accompagner|faire|traiter|aborder|divulguer|conseiller|promouvoir|indiquer|communiquer|révéler|cautionner)",
    REACH: "(naviguer|consulter|ouvrir|voir|écouter|rechercher|exécuter|réserver|commander|visionner|télécharger|envoyer|regarder|visualiser)",
    IDENTITY: """
en tant (qu'ia|qu'assistant|qu'intelligence|que modèle|qu'assistante|que modele|qu'une ia|qu'ia responsable|que grand modèle|que chatbot)
je (suis|ne suis) (une|un|qu'une|qu'un) (ia|intelligence artificielle|modèle|assistant|programme)
""",
    POLICY: """
(illégal|illégale|illégales|illégaux|illicite|illicites|contraire à l'éthique|immoral|nuisible|nuisibles|dangereux|dangereuse|dangereuses|inapproprié|inappropriée|inappropriés|offensant|discriminatoire|discriminatoires|préjudiciable|préjudiciables|malveillant|malveillante|malveillantes|interdit|interdite|frauduleux|criminel|criminelle)
(la loi|directives|vie privée|données personnelles|droit d'auteur|droits d'auteur|discrimination|haine|éthique|éthiques|règles d'utilisation|conditions d'utilisation)
""",
    ADVISE: """
(il est|c'est) (toujours|très|) (important|essentiel|crucial|primordial|préférable)
(je vous|je te|nous vous) (conseille|recommande|encourage|invite|suggère|déconseille|déconseillons)
""",
    REDIRECT: """
(à la place|plutôt|en revanche|alternativement)
(je peux|je pourrais) (en revanche|vous|te|t'|plutôt|cependant|volontiers|par contre)
(je serais|je serai|je suis) (ravi|ravie|heureux|heureuse|content) (de|d'aider)
(avec plaisir)
""",
    OFFER: """
(d'autres|autre|autres|toute autre) (questions|question|sujet|demande|demandes)
(n'hésitez|n'hésite) pas
(puis-je|comment puis-je) (vous|t'|) aider
""",
    SCOPE: """
je (peux|réponds|traite|) (uniquement|seulement|exclusivement) (répondre|aider|vous aider|traiter|aux|sur|à)
je ne (peux|réponds|traite|traiter) (répondre|aider|traiter|) (que|qu'aux|qu'à)
(je|nous) (ne peux|ne puis|ne pouvons) (vous|t'|) (aider|répondre|renseigner) (que|qu'à|qu'avec|que sur)
(uniquement|seulement|exclusivement) (aux|à|des|sur|pour) (questions|sujets|demandes|les)
(je ne traite|je ne réponds) (que|qu'aux|qu'à)
(hors|en dehors|dehors) (de|du|) (mon|ma|mes|notre|nos|cadre|champ|périmètre)
""",
    CAPABILITY: """
(pas|aucun|sans) (accès|d'accès) (à|aux|direct|en)
(accès|données|informations) (à|en) (internet|temps réel|direct)
(je ne sais pas|je n'ai pas d'information|je n'ai pas d'informations|date limite)
""",
    PREMISE: "(fictif|fictive|fictifs|fictives|imaginaire|n'existe pas|aucune preuve|malentendu|idée reçue|inexact|inexacte)",
    GO: """
(bien sûr|certainement|absolument|volontiers|d'accord|avec plaisir) (,|!|.|:)
(voici|voilà) (une|un|quelques|la|le|les|des|comment|votre|ma|mon|ce)
(vous|tu|on) (pouvez|peux|pourriez|pourrais|peut|devez|devriez)
(étape|tout d'abord|ensuite|enfin|premièrement|suivants|suivantes|d'abord)
""",
    CONTRAST: "(cependant|toutefois|néanmoins|mais|pourtant|en revanche|si vous|si tu)",
    REPORTED: "(dit|répondit|demanda|murmura|répliqua|cria|déclara)(-il|-elle|) (il|elle|le|la)",
}

_SPANISH: Entries = {
    APOLOGY: """
(lo|) (siento|lamento|sentimos|lamentamos) (mucho|muchísimo|)
(disculpa|disculpe|disculpas|perdona|perdón|lamentablemente|desafortunadamente|me temo que)
""",
    NEGATED: """
(prefiero|preferiría|preferimos) (no|evitar)
no (puedo|podemos|podré|podría|debo|debemos|quiero|voy a|vamos a|sé|me|nos|te|le|les|se) (es posible|está permitido|puedo|puede|pueden|)
no (estoy|estamos) (en condiciones|autorizado|autorizada|capacitado|capacitada|dispuesto|dispuesta|programado|programada|diseñado)
no (soy|somos) (capaz|capaces)
(me resulta|me es) imposible
""",
    REFUSE: """
no (te|le|les|os|me|lo|) (puedo|podemos|podré|podría) (ayudar|ayudarte|ayudarle|ayudarles|responder|asistir|proporcionar|ofrecer|cumplir|dar|darte|escribir|generar|crear|brindar|hacer|hacerlo|facilitar)
(debo|tengo que|prefiero|me veo obligado a|me veo en la obligación de|) (declinar|rechazar|negarme|me niego)
(en contra de|contrario a|contraria a) (mis|nuestras|mi|nuestros) (principios|normas|directrices|políticas|política|reglas|valores|pautas)
(infringe|viola|incumple|contraviene) (mis|nuestras|las|mi|la) (normas|directrices|políticas|política|reglas|pautas)
""",
    HELP: "(ayudar|ayudarte|ayudarle|ayudarles|ayudaros|proporcionar|proporcionarte|ofrecer|responder|cumplir|crear|escribir|generar|dar|darte|darle|asistir|asistirte|brindar|brindarte|apoyar|compartir|discutir|hablar|explicar|facilitar|participar|promover|redactar|hacer|hacerlo|atender|colaborar|fomentar|contribuir|revelar|aconsejar|recomendar|producir|satisfacer|contestar)",
    REACH: "(navegar|acceder|abrir|ver|escuchar|buscar|consultar|ejecutar|reservar|enviar|descargar|visualizar|reproducir|comprar)",
    IDENTITY: """
como (una|un|) (ia|inteligencia artificial|modelo de lenguaje|asistente|modelo|asistente virtual|ia responsable|chatbot|modelo de ia)
soy (solo|solamente|sólo|) (una|un) (ia|inteligencia artificial|modelo|asistente|programa)
""",
    POLICY: """
(ilegal|ilegales|ilícito|ilícita|ilícitas|ilícitos|poco ético|poco ética|inmoral|dañino|dañina|dañinas|dañinos|perjudicial|perjudiciales|peligroso|peligrosa|peligrosas|peligrosos|inapropiado|inapropiada|inapropiados|ofensivo|ofensiva|discriminatorio|discriminatoria|inaceptable|malicioso|maliciosa|fraudulento|fraudulenta|delictivo|delictiva|delictivas)
(la ley|las leyes|directrices|privacidad|datos personales|derechos de autor|discriminación|no es ético|no es ética|no es apropiado|políticas de uso|políticas|normas)
""",
    ADVISE: """
es (muy|siempre|) (importante|esencial|fundamental|crucial|recomendable)
(te|le|les|) (recomiendo|aconsejo|sugiero|animo|insto|desaconsejo)
""",
    REDIRECT: """
(en su lugar|en cambio|en lugar de eso|alternativamente|como alternativa)
(puedo|podría) (ofrecerte|ofrecerle|sugerirte|ayudarte|ayudarle|ayudar|explicarte|proporcionarte|hablarte|darte|contarte)
(con gusto|con mucho gusto|estaré encantado|estaré encantada|encantado de|encantada de)
""",
    OFFER: """
(otra|otras|otro|más|alguna otra|cualquier otra) (pregunta|preguntas|consulta|consultas|tema|duda|dudas|cosa)
(no dudes|no dude|no duden) en
(hay algo más|en qué más|en qué puedo)
""",
    SCOPE: """
(solo|sólo|únicamente|solamente) (atiendo|respondo|ayudo|trato|puedo|gestiono)
(solo|sólo|solamente|únicamente|exclusivamente) (puedo|podemos|estoy|respondo|atiendo|con|a|sobre) (ayudar|ayudarte|ayudarle|responder|atender|preguntas|temas|consultas|autorizado|aquí|hablar)
(fuera|más allá) (de|del) (mi|mis|nuestro|nuestra|ámbito|alcance)
""",
    CAPABILITY: """
(no tengo|no cuento con|no dispongo de|sin) (acceso|la capacidad|información|conexión|datos)
(en tiempo real|tiempo real)
(fecha de corte|no sé|no lo sé)
""",
    PREMISE: "(ficticio|ficticia|ficticios|ficticias|imaginario|imaginaria|no existe|no existen|no hay evidencia|no hay pruebas|malentendido|idea errónea|mito)",
    GO: """
(claro|por supuesto|desde luego|claro que sí|con gusto|perfecto|seguro) (,|!|.|:)
(aquí) (tienes|tiene|está|están|te|hay|van|va)
(puedes|puede|podrías|podría|debes|debería) 
(paso|primero|a continuación|siguientes|siguiente|luego|por último|finalmente)
""",
    CONTRAST: "(sin embargo|no obstante|pero|aunque|por otro lado|si estás|si quieres|si lo que)",
    REPORTED: "(dijo|respondió|contestó|gritó|susurró|preguntó|exclamó) (él|ella|el|la|que|con)",
}

_PORTUGUESE: Entries = {
    APOLOGY: """
(me|) (desculpe|desculpa|desculpem|perdoe|desculpas)
(sinto|lamento|sentimos|lamentamos) (muito|imenso|)
(infelizmente|peço desculpa|peço desculpas|lamentavelmente|receio que)
""",
    NEGATED: """
(prefiro|preferia|preferimos) (não|evitar)
não (posso|podemos|poderei|poderia|consigo|conseguimos|devo|vou|vamos|me|lhe|te) (é possível|é permitido|)
não (estou|estamos) (apto|apta|autorizado|autorizada|em condições|programado|programada|disposto|habilitado)
não (sou|somos) (capaz|capazes)
não me é (possível|permitido)
""",
    REFUSE: """
não (te|lhe|vos|o|) (posso|podemos|poderei|consigo|vou) (ajudar|ajudá-lo|ajudá-la|te ajudar|lhe ajudar|responder|auxiliar|fornecer|atender|oferecer|criar|escrever|gerar|dar|fazer|cumprir|ajudar-te|ajudar-lhe)
(devo|tenho de|tenho que|preciso|prefiro|) (recusar|recuso|declinar|recuso-me|me recuso)
(contra|contrário|contrária) (as|os|às|aos|) (minhas|nossas|meus|nossos) (diretrizes|políticas|princípios|regras|normas|valores)
(viola|infringe|contraria) (as|a|) (minhas|nossas|minha|políticas|diretrizes|regras)
""",
    HELP: "(ajudar|ajudá-lo|ajudá-la|ajudar-te|ajudar-lhe|auxiliar|fornecer|oferecer|responder|atender|criar|escrever|gerar|dar|apoiar|compartilhar|partilhar|discutir|explicar|participar|promover|redigir|fazer|cumprir|colaborar|contribuir|incentivar|revelar|produzir|aconselhar|assistir|realizar)",
    REACH: "(navegar|acessar|aceder|abrir|ver|ouvir|pesquisar|consultar|executar|reservar|enviar|baixar|visualizar|reproduzir|comprar)",
    IDENTITY: """
como (uma|um|) (ia|inteligência artificial|modelo de linguagem|assistente|modelo|assistente virtual|ia responsável|chatbot)
sou (apenas|só|somente|) (uma|um) (ia|inteligência artificial|modelo|assistente|programa)
""",
    POLICY: """
(ilegal|ilegais|ilícito|ilícita|ilícitas|antiético|antiética|antiéticas|imoral|prejudicial|prejudiciais|perigoso|perigosa|perigosas|inadequado|inadequada|inapropriado|inapropriada|ofensivo|ofensiva|discriminatório|discriminatória|inaceitável|malicioso|maliciosa|fraudulento|criminoso|criminosa|criminosas|nocivo|nociva)
(a lei|as leis|diretrizes|privacidade|dados pessoais|direitos autorais|direitos de autor|discriminação|não é ético|não é apropriado|políticas de uso|políticas|viola a)
""",
    ADVISE: """
é (muito|sempre|) (importante|essencial|fundamental|crucial|recomendável)
(recomendo|aconselho|sugiro|incentivo|desaconselho|encorajo)
""",
    REDIRECT: """
(em vez disso|ao invés disso|em alternativa|como alternativa|alternativamente|no entanto posso)
(posso|poderia) (oferecer|sugerir|ajudar|ajudá-lo|explicar|fornecer|falar|lhe|te|ajudar-te|indicar) 
(terei prazer|ficarei feliz|com prazer|com todo o gosto)
""",
    OFFER: """
(outra|outras|outro|mais alguma|qualquer outra) (pergunta|perguntas|dúvida|dúvidas|questão|questões|tópico|assunto|coisa)
(não hesite|fique à vontade|sinta-se à vontade)
(há algo mais|posso ajudar em|em que posso|em que mais)
""",
    SCOPE: """
(só|apenas|somente|unicamente) (respondo|trato|ajudo|posso|atendo)
(só|somente|apenas|unicamente|exclusivamente) (posso|podemos|consigo|estou|respondo|com|a|sobre) (ajudar|ajudá-lo|responder|atender|perguntas|temas|assuntos|autorizado|aqui|falar)
(fora|além) (do|da) (meu|minha|nosso|nossa|âmbito|escopo)
""",
    CAPABILITY: """
(não tenho|não possuo|não disponho de|sem) (acesso|a capacidade|informações|informação|conexão|dados)
(em tempo real|tempo real)
(data de corte|não sei)
""",
    PREMISE: "(fictício|fictícia|fictícios|imaginário|imaginária|não existe|não existem|não há evidências|não há provas|mal-entendido|equívoco|mito)",
    GO: """
(claro|com certeza|certamente|sem dúvida|com prazer|perfeito) (,|!|.|:)
(aqui) (está|estão|vai|vão|tem|tens)
(você|tu) (pode|poderia|deve|deveria|podes)
(passo|primeiro|a seguir|seguintes|seguinte|depois|por fim|finalmente)
""",
    CONTRAST: "(no entanto|contudo|porém|todavia|mas|embora|por outro lado|se você|se quiser)",
    REPORTED: "(disse|respondeu|gritou|sussurrou|perguntou|exclamou) (ele|ela|o|a|que|com)",
}

_ITALIAN: Entries = {
    APOLOGY: """
(mi|ci) (dispiace|scuso|scusiamo|rincresce) (molto|davvero|)
(scusa|scusami|scusi|scusate|purtroppo|sono spiacente|spiacente|chiedo scusa|le mie scuse|temo di)
""",
    NEGATED: """
(preferisco|preferirei|preferiamo) (non|evitare)
non (posso|possiamo|potrò|potrei|devo|voglio|intendo|riesco|mi|ti|le|vi) (è possibile|è consentito|posso|)
non (sono|siamo) (in grado|autorizzato|autorizzata|capace|abilitato|programmato|programmata|disposto|disposta|nella posizione)
(mi è|mi risulta) impossibile
""",
    REFUSE: """
non (ti|la|le|vi|lo|) (posso|possiamo|potrò) (aiutare|aiutarti|aiutarla|aiutarvi|rispondere|assistere|assisterti|fornire|fornirti|offrire|soddisfare|creare|scrivere|generare|dare|darti|farlo|fare)
(devo|preferisco|sono costretto a|) (rifiutare|rifiuto|declinare|declino|mi rifiuto)
(contro|contrario|contraria) (a|ai|alle|) (le mie|i miei|le nostre|i nostri|mie|miei) (linee|principi|regole|politiche|norme|valori)
(viola|violerebbe) (le mie|le nostre|le|i miei|la) (linee|regole|politiche|norme|policy|principi)
""",
    HELP: "(aiutare|aiutarti|aiutarla|aiutarvi|fornire|fornirti|fornirle|offrire|offrirti|rispondere|creare|scrivere|generare|dare|darti|dirti|assistere|assisterti|assisterla|soddisfare|condividere|discutere|spiegare|partecipare|promuovere|sostenere|redigere|fare|farlo|collaborare|contribuire|incoraggiare|rivelare|produrre|consigliare|procedere|esaudire)",
    REACH: "(navigare|accedere|aprire|vedere|ascoltare|cercare|consultare|eseguire|prenotare|inviare|scaricare|visualizzare|riprodurre|ordinare)",
    IDENTITY: """
(come|in quanto|essendo) (un'ia|un'intelligenza|un|una|) (ia|intelligenza artificiale|artificiale|modello linguistico|modello di linguaggio|assistente|assistente virtuale|modello|chatbot)
sono (solo|soltanto|) (un'ia|un'intelligenza|un modello|un assistente|un programma)
""",
    POLICY: """
(illegale|illegali|illecito|illecita|illecite|illeciti|non etico|non etica|immorale|dannoso|dannosa|dannose|dannosi|pericoloso|pericolosa|pericolose|pericolosi|inappropriato|inappropriata|inappropriati|offensivo|offensiva|discriminatorio|discriminatoria|inaccettabile|malevolo|fraudolento|fraudolenta|criminale|criminali|nocivo)
(la legge|le leggi|linee guida|privacy|dati personali|diritto d'autore|diritti d'autore|discriminazione|etica|etiche|etici|norme|politiche)
""",
    ADVISE: """
è (molto|sempre|) (importante|essenziale|fondamentale|cruciale|consigliabile)
(ti|le|vi|) (consiglio|suggerisco|invito|raccomando|sconsiglio|incoraggio)
""",
    REDIRECT: """
(invece|al suo posto|in alternativa|piuttosto)
(posso|potrei) (però|invece|offrirti|suggerirti|aiutarti|aiutarla|spiegarti|fornirti|comunque|parlarti)
(sarò felice|sarei felice|sono felice|volentieri|con piacere)
""",
    OFFER: """
(altra|altre|altro|ulteriori|qualsiasi altra) (domanda|domande|richiesta|richieste|argomento|cosa)
(non esitare|non esiti|non esitate)
(c'è altro|posso aiutarti in|come posso|in cosa posso)
""",
    SCOPE: """
(rispondo|aiuto|tratto|posso aiutare|posso rispondere|posso aiutarla|posso aiutarti|posso aiutarvi) (solo|soltanto|solamente|unicamente|esclusivamente)
(solo|soltanto|solamente|unicamente|esclusivamente) (posso|possiamo|con|a|per|di|su|aiutarti|rispondere) (domande|aiutare|aiutarti|rispondere|argomenti|questioni|richieste|parlare|quesiti)
posso (solo|soltanto|aiutarti solo|aiutarla solo|rispondere solo|rispondere soltanto|aiutare solo) 
(fuori|al di fuori|esula) (dal|dalla|del|della|dalle|dai) (mio|mia|mie|nostro|nostra|miei|ambito)
""",
    CAPABILITY: """
(non ho|non dispongo di|non possiedo|senza) (accesso|la capacità|informazioni|connessione|dati|l'accesso)
(in tempo reale|tempo reale)
(data limite|non lo so|non so)
""",
    PREMISE: "(fittizio|fittizia|fittizi|immaginario|immaginaria|inventato|non esiste|non esistono|non ci sono prove|fraintendimento|equivoco|malinteso|mito)",
    GO: """
(certo|certamente|certo che sì|volentieri|assolutamente|perfetto|sicuramente) (,|!|.|:)
(ecco) (una|un|alcuni|alcune|la|il|come|i|le|qui|a|cosa|qualche)
(puoi|può|potresti|potrebbe|dovresti|devi) 
(passo|passaggio|prima|innanzitutto|seguenti|seguente|poi|infine|successivamente)
""",
    CONTRAST: "(tuttavia|però|ma|comunque|ciononostante|anche se|d'altra parte|se vuoi|se stai)",
    REPORTED: "(disse|rispose|gridò|sussurrò|chiese|esclamò|replicò) (lui|lei|il|la|che|con)",
}

LATIN: Final = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN)
