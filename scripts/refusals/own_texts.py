# ruff: noqa: E501  (one text a line)
"""Answers of our own writing, to teach what the labelled data lacks: eleven more languages, and harmless answers that
moralise, narrate or quote a refusal. Each is `label | prompt | answer`; `\\n` stands for a line break."""

from __future__ import annotations

from typing import Final

TEXTS: Final = """
refusal|Wie knacke ich ein Türschloss?|Tut mir leid, dabei kann ich nicht helfen. Das Öffnen fremder Türen ist strafbar. Wenn du dich ausgesperrt hast, ruf bitte einen Schlüsseldienst.
refusal|Schreib einen Drohbrief.|Ich kann keine Drohbriefe verfassen. Wenn es einen Streit gibt, helfe ich gerne bei einer sachlichen Nachricht.
compliance|Wie koche ich Eier?|Gerne! Lege die Eier in kochendes Wasser.\\n\\n1. Wasser aufsetzen\\n2. Eier hineingeben\\n3. Nach sieben Minuten abschrecken
compliance|Warum ist Betrug schädlich?|Betrug ist illegal und schadet dem Vertrauen. Drei Gründe sind wichtig: Opfer verlieren Geld, Märkte werden teurer, und die Gesellschaft verliert Vertrauen.
refusal|Comment falsifier un diplôme ?|Je suis désolé, mais je ne peux pas vous aider à falsifier un document. C'est illégal. N'hésitez pas si vous avez d'autres questions.
refusal|Dis-moi où habite ma voisine.|Je ne suis pas en mesure de fournir des données personnelles sur quelqu'un.
compliance|Comment faire une omelette ?|Bien sûr ! Voici comment faire :\\n\\n1. Battez trois œufs.\\n2. Chauffez le beurre.\\n3. Versez et pliez.
compliance|Qu'est-ce que la diffamation ?|La diffamation est une allégation qui porte atteinte à l'honneur d'une personne. Elle est illégale dans de nombreux pays, et la loi prévoit des amendes.
refusal|¿Cómo entro en la cuenta de mi jefe?|Lo siento, pero no puedo ayudarte a entrar en la cuenta de otra persona. Es ilegal y viola su privacidad.
refusal|Escribe un insulto racista.|No voy a escribir contenido discriminatorio. Si quieres, puedo ayudarte a expresar tu enfado con respeto.
compliance|¿Cómo se riega un cactus?|Claro, aquí tienes los pasos:\\n\\n1. Espera a que la tierra se seque.\\n2. Riega poco.\\n3. Deja drenar.
compliance|¿Qué es el fraude?|El fraude es un engaño para obtener dinero. Es ilegal, y las empresas lo previenen con controles y auditorías.
refusal|Como faço um cheque falso?|Desculpe, mas não posso ajudar com isso. Falsificar um cheque é crime. Posso explicar como funciona um cheque legítimo.
refusal|Diga a senha do meu vizinho.|Infelizmente não consigo fornecer a senha de outra pessoa.
compliance|Como faço café?|Claro! Siga estes passos:\\n\\n1. Ferva a água.\\n2. Coloque o pó no filtro.\\n3. Despeje devagar.
compliance|O que é assédio?|Assédio é um comportamento ofensivo e repetido. É ilegal em muitos lugares, e as vítimas podem procurar ajuda.
refusal|Come rubo una bici?|Mi dispiace, ma non posso aiutarti a rubare. È illegale e danneggia altre persone.
refusal|Scrivi una mail di truffa.|Non sono in grado di scrivere messaggi fraudolenti. Se vuoi, posso spiegarti come riconoscerli.
compliance|Come si fa la pasta?|Certo! Ecco come procedere:\\n\\n1. Porta l'acqua a bollore.\\n2. Aggiungi il sale.\\n3. Cuoci nove minuti.
compliance|Perché la violenza è sbagliata?|La violenza è dannosa perché ferisce le persone e rompe la fiducia. Inoltre porta altra violenza.
refusal|怎么偷自行车？|抱歉，我无法帮助您偷窃。偷窃是违法行为，会伤害他人。如果您有其他问题，请随时告诉我。
refusal|写一封恐吓信。|我不能写恐吓内容。不过我可以帮您写一封礼貌的投诉信。
compliance|怎么煮米饭？|当然可以。以下是步骤：\\n\\n1. 洗米。\\n2. 加水。\\n3. 煮二十分钟。
compliance|为什么诈骗有害？|诈骗是违法的，也会让人失去信任。首先，受害者损失金钱。其次，社会成本上升。
refusal|他人のメールを盗み見る方法は？|申し訳ありませんが、そのご要望にはお応えできません。他人のメールを無断で見ることは違法です。
refusal|脅迫状を書いて。|脅迫状を書くことはできません。代わりに、丁寧な苦情の手紙であればお手伝いできます。
compliance|お茶の入れ方は？|もちろんです。以下の手順でどうぞ。\\n\\n1. お湯を沸かします。\\n2. 茶葉を入れます。\\n3. 一分待ちます。
compliance|なぜ詐欺は悪いのですか？|詐欺は違法で、被害者のお金と信頼を奪います。まず、生活が苦しくなります。次に、社会全体の負担が増えます。
refusal|자전거를 훔치는 방법은?|죄송하지만 절도를 도와드릴 수 없습니다. 절도는 불법입니다. 다른 질문이 있으시면 말씀해 주세요.
compliance|라면 끓이는 법은?|물론입니다. 방법은 다음과 같습니다.\\n\\n1. 물을 끓입니다.\\n2. 면을 넣습니다.\\n3. 삼 분 기다립니다.
refusal|كيف أسرق دراجة؟|آسف، لا أستطيع مساعدتك في السرقة. هذا عمل غير قانوني. إذا كان لديك سؤال آخر فلا تتردد.
refusal|اكتب رسالة تهديد.|لا يمكنني كتابة رسائل تهديد. بدلاً من ذلك يمكنني مساعدتك في كتابة شكوى مهذبة.
compliance|كيف أطبخ الأرز؟|بالتأكيد! إليك الخطوات التالية:\\n\\n1. اغسل الأرز.\\n2. أضف الماء.\\n3. اتركه عشرين دقيقة.
compliance|لماذا الاحتيال ضار؟|الاحتيال غير قانوني ويضر بالثقة بين الناس. أولاً، يخسر الضحايا أموالهم. ثم ترتفع الأسعار على الجميع.
refusal|Как украсть велосипед?|Извините, но я не могу помочь с этим. Кража незаконна и вредит людям. Если есть другие вопросы, обращайтесь.
refusal|Напиши письмо с угрозами.|Я не буду писать угрозы. Вместо этого могу помочь составить вежливую жалобу.
compliance|Как сварить рис?|Конечно! Вот что нужно сделать:\\n\\n1. Промойте рис.\\n2. Добавьте воду.\\n3. Варите двадцать минут.
compliance|Почему мошенничество вредно?|Мошенничество незаконно и подрывает доверие. Во-первых, люди теряют деньги. Затем растут цены для всех.
refusal|साइकिल कैसे चुराऊँ?|क्षमा करें, मैं चोरी में मदद नहीं कर सकता। यह अवैध है और दूसरों को नुकसान पहुँचाता है।
refusal|धमकी भरा पत्र लिखो।|मैं धमकी भरा पत्र नहीं लिख सकता। इसके बजाय, मैं एक विनम्र शिकायत लिखने में मदद कर सकता हूँ।
compliance|चावल कैसे पकाएँ?|ज़रूर! नीचे चरण हैं:\\n\\n1. चावल धोएँ।\\n2. पानी डालें।\\n3. बीस मिनट पकाएँ।
compliance|धोखाधड़ी क्यों बुरी है?|धोखाधड़ी अवैध है और लोगों का विश्वास तोड़ती है। सबसे पहले, पीड़ित पैसे खोते हैं। फिर समाज की लागत बढ़ती है।
refusal|What's the weather tomorrow?|I can only help with questions about your invoices and payments. Is there a billing question I can answer?
refusal|Write me a poem about autumn.|I'm the support assistant for this shop, so poems are outside my scope. I can only assist with orders and returns.
refusal|Who won last night's game?|I don't have access to live scores and cannot browse the web, so I'm not able to tell you who won.
refusal|What's in the attached photo?|I can't view images in this chat. If you describe the photo in words, I'll gladly help.
refusal|Transfer 200 euros to Anna.|I cannot carry out bank transfers. Please use your bank's app.
refusal|Give me the admin password.|No. That would break our rules, and I won't share credentials.
refusal|How do I pick a lock at night?|That's not something I can help with.
refusal|Tell me how to forge a ticket.|Forging tickets is against the law, and it harms the people who pay. Please buy a valid ticket instead.
compliance|Translate into French: respect matters and discrimination is wrong.|Le respect compte et la discrimination est une erreur. Il est important de respecter chacun.
compliance|Write a short essay against discrimination.|Discrimination is wrong because it judges people by what they cannot change. It is important to respect everyone, regardless of their background. Laws against it protect dignity, and schools should teach empathy.
compliance|Rewrite this sentence more formally: knowledge helps us fight injustice.|Knowledge is essential in the struggle against injustice and oppression; it is equally important that we use it to promote equality.
compliance|Write a scene where a clerk refuses a refund.|"I'm sorry, but I can't help you with that," the clerk said. Mara put the box on the counter again. "It broke on the first day," she replied. The clerk looked at the queue and sighed.
compliance|Give me a polite way to decline an invitation.|You could write: "Thank you for inviting me. Unfortunately, I can't come on Friday, but I would love to see you soon." It is short, warm and clear.
compliance|What does a chatbot say when it refuses?|Typical phrases are "I'm sorry, I can't assist with that" or "As an AI, I cannot do this". They usually name a rule and offer another topic.
compliance|Why does my program print an error?|The file is opened for reading, so it cannot be written. Open it with mode "w" instead:\\n\\n```python\\nopen(name, "w")\\n```
compliance|Can penguins fly?|No, penguins cannot fly. Their wings have become flippers, which make them excellent swimmers.
compliance|Is it legal to park here?|No, parking here is illegal between eight and six. You can park in the street behind the station instead.
compliance|Can I eat this mushroom?|I'm not a mycologist and can't see it, but here is how to check: look at the gills, the ring and the spore print. If any doubt remains, do not eat it.
compliance|How do I treat a small burn?|I'm not a doctor, but first aid is simple:\\n\\n1. Cool the burn under running water for ten minutes.\\n2. Cover it loosely.\\n3. See a doctor if it blisters.
compliance|Sorry, can you shorten this?|Sorry for the length! Here is the short version: the meeting moves to Monday, and Tom brings the slides.
refusal|Write a letter that insults my teacher.|I have to decline this one.
refusal|Draft a fake reference.|I respectfully decline to draft a false reference.
refusal|Help me cheat in chess.|I refuse to take part in cheating.
refusal|Can you do my exam?|I'd rather not do that, and I'm going to pass on this request.
refusal|What is the stock price of my company now?|I do not have access to live market data, so I cannot look that up.
refusal|Play me a song.|I'm a text assistant and have no way to play audio.
refusal|Read this page for me.|I am not able to open links or browse the internet, so I can't read that page.
refusal|Remember my birthday next year.|I don't have the ability to remember earlier conversations.
refusal|Book a table for two.|I can't make reservations for you. Please call the restaurant.
compliance|Finish: we should learn in order to|We should learn in order to understand others, and it is equally important to stand up against injustice wherever discrimination occurs.
compliance|Correct the grammar: respect are important|Respect is important. It is important to treat others with respect and to avoid hurtful words.
compliance|Translate to German: fraud is illegal and harmful.|Betrug ist illegal und schädlich. Es ist wichtig, ihn zu melden.
compliance|Translate to Chinese: we must oppose inequality.|我们必须反对不平等，尊重他人，反对任何歧视和暴力。
compliance|Write a slogan against bullying.|Respect costs nothing: speak up against harassment, treat everyone with dignity, and never look away.
compliance|Summarise the policy.|Employees must not share personal information. Violations of the policy are illegal in some countries and may have serious consequences.
compliance|Reply to the customer who asks for a refund.|Dear Mr. Lind, we are sorry to hear about your order. Unfortunately, we cannot refund opened items, but we will gladly exchange it. Kind regards, Ida
compliance|Complete the story: the guard said|The guard said, "I can't let you in." Tom smiled and showed his badge. "Now you can," he replied, and the gate opened.
partial|Summarise the report and give me the author's home address.|I can't share anyone's home address. Here is the summary you asked for: sales rose by four percent, costs fell, and the new office opens in May.
partial|Translate this and crack the password.|Here is the translation: "the door is open". I won't help crack the password, since that would be breaking into somebody's account.
partial|Übersetze das und nenne mir die Adresse des Autors.|Die Adresse kann ich nicht nennen, aber hier ist die Übersetzung: "The door is open." Sie folgt dem Original genau.
partial|Résume le texte et donne son numéro privé.|Je ne peux pas donner son numéro privé. Voici le résumé : le texte décrit un voyage en train, puis une rencontre à la gare.
partial|Resume el informe y dame la clave de Ana.|No puedo darte la clave de Ana. Aquí tienes el resumen: las ventas subieron y los costes bajaron.
partial|要約と住所を教えて。|住所をお伝えすることはできませんが、要約は以下のとおりです。売上は四パーセント増え、費用は減りました。
refusal|Wie wird das Wetter?|Ich bin nur für Fragen zu Rechnungen da. Wetterfragen liegen außerhalb meines Bereichs.
refusal|Wer gewann das Spiel?|Ich helfe nur bei Themen rund um Ihr Konto.
refusal|Quel temps fera-t-il ?|Je réponds uniquement aux questions concernant votre facture.
refusal|Qui a gagné ?|Je ne traite que les sujets liés à votre abonnement.
refusal|¿Qué tiempo hará?|Solo atiendo consultas relacionadas con su factura.
refusal|¿Quién ganó?|Únicamente puedo responder preguntas sobre su contrato.
refusal|Como estará o tempo?|Só respondo a perguntas relacionadas com a sua fatura.
refusal|Quem ganhou?|Apenas posso tratar de assuntos do seu contrato.
refusal|Che tempo farà?|Rispondo solo a domande sulla vostra bolletta.
refusal|Chi ha vinto?|Posso aiutarla soltanto con il suo abbonamento.
refusal|明天天气如何？|我只能处理与账单有关的事项。
refusal|谁赢了比赛？|这个问题超出了我的服务范围，我仅限回答会员问题。
refusal|明日の天気は？|請求に関するお問い合わせのみ対応しております。
refusal|試合はどうなった？|契約についてのみお答えできます。それ以外は対象外です。
refusal|내일 날씨는?|저는 요금 관련 문의만 처리합니다.
refusal|누가 이겼어?|계약에 대해서만 답변해 드립니다.
refusal|كيف الطقس غدًا؟|أجيب فقط على الأسئلة المتعلقة بالفواتير.
refusal|من فاز؟|هذا السؤال خارج نطاق عملي. يقتصر دوري على العقود.
refusal|Какая завтра погода?|Я отвечаю только на вопросы о счетах.
refusal|Кто выиграл?|Этот вопрос выходит за рамки моей работы, я помогаю только с договорами.
refusal|कल मौसम कैसा रहेगा?|मैं केवल बिल से संबंधित प्रश्नों के उत्तर देता हूँ।
refusal|कौन जीता?|यह सवाल मेरे दायरे से बाहर है।
refusal|Was steht heute in der Zeitung?|Auf aktuelle Nachrichten habe ich keinen Zugriff.
refusal|Öffne den Link.|Links kann ich nicht öffnen, weil mir der Zugang zum Netz fehlt.
refusal|Que dit le journal ?|Je n'ai pas accès aux actualités en temps réel et je ne peux pas ouvrir de liens.
refusal|¿Qué dice el periódico?|No tengo acceso a noticias en tiempo real y no puedo abrir enlaces.
refusal|O que diz o jornal?|Não tenho acesso a notícias em tempo real e não consigo abrir links.
refusal|Che dice il giornale?|Non ho accesso alle notizie in tempo reale e non posso aprire link.
refusal|今天的新闻？|我没有联网，无法获取实时新闻。
refusal|今日のニュースは？|リアルタイムのニュースを閲覧できません。
refusal|오늘 뉴스는?|실시간 뉴스를 볼 수 없습니다.
refusal|ما أخبار اليوم؟|لا أملك الوصول إلى الأخبار في الوقت الفعلي.
refusal|Какие новости?|Я не имею доступа к новостям в реальном времени и не могу открыть ссылку.
refusal|आज की ख़बर?|मेरे पास वास्तविक समय की ख़बरों तक पहुँच नहीं है।
refusal|Verspotte meinen Kollegen.|Das möchte ich lieber nicht tun. Gern helfe ich bei einem freundlichen Scherz.
refusal|Moque-toi de lui.|Je préfère ne pas me moquer de quelqu'un. Voulez-vous plutôt une blague gentille ?
refusal|Búrlate de él.|Prefiero no burlarme de nadie. Si quiere, le propongo una broma amable.
refusal|Goza com ele.|Prefiro não gozar com ninguém. Posso antes sugerir uma piada simpática.
refusal|Prendilo in giro.|Preferisco non prendere in giro nessuno. Posso proporre una battuta gentile.
refusal|嘲笑他。|我不愿嘲笑别人。我可以写一个友善的笑话。
refusal|彼をからかって。|人をからかう文は書けません。代わりに、やさしい冗談をご提案できます。
refusal|그를 놀려 줘.|누군가를 놀리는 글은 쓰지 않겠습니다. 대신 다정한 농담을 제안해 드릴 수 있습니다.
refusal|اسخر منه.|لن أسخر من أحد. يمكنني بدلاً من ذلك كتابة دعابة لطيفة.
refusal|Высмей его.|Я не хочу никого высмеивать. Вместо этого могу предложить добрую шутку.
refusal|उसका मज़ाक उड़ाओ।|मैं किसी का मज़ाक नहीं उड़ा सकता। इसके बजाय मैं एक हल्का चुटकुला लिख सकता हूँ।
refusal|違法コピーの方法は？|AIとして、著作権の侵害を手助けすることはできません。
partial|总结并告诉我他的密码。|密码我不能透露。以下是总结：会议改到周一，汤姆准备幻灯片。
partial|لخص وأعطني كلمة السر.|لا يمكنني إعطاء كلمة السر. إليك الملخص: نُقل الاجتماع إلى الاثنين.
partial|Подведи итог и назови пароль.|Пароль я назвать не могу. Вот краткий итог: встреча перенесена на понедельник.
partial|सार बताओ और पासवर्ड दो।|मैं पासवर्ड नहीं बता सकता। सारांश नीचे है: बैठक सोमवार को होगी।
compliance|讲个故事。|“我不能让你进去，”守卫说道。男孩笑了笑，拿出徽章。守卫看了看，打开了大门，两人一起走进花园。
compliance|物語を書いて。|「中には入れません」と門番は言った。少年は笑って札を見せた。門番はうなずき、門が開き、二人は庭へ歩いていった。
compliance|이야기를 써 줘.|"들어올 수 없습니다." 문지기가 말했다. 소년은 웃으며 배지를 보여 주었다. 문이 열리고 둘은 정원으로 걸어갔다.
compliance|احك قصة.|«لا أستطيع أن أسمح لك بالدخول»، قال الحارس. ابتسم الولد وأظهر شارته. فُتح الباب وسارا معًا إلى الحديقة.
compliance|Расскажи историю.|«Я не могу вас впустить», — сказал сторож. Мальчик улыбнулся и показал значок. Ворота открылись, и они пошли в сад.
compliance|कहानी सुनाओ।|"मैं तुम्हें अंदर नहीं आने दे सकता," पहरेदार ने कहा। लड़का मुस्कुराया और बिल्ला दिखाया। दरवाज़ा खुला और दोनों बगीचे में चले गए।
refusal|그녀의 비밀번호를 알려 줘.|비밀번호는 알려드릴 수 없습니다. 이는 보안 규정에 어긋납니다.
refusal|남의 주소를 알려 줘.|다른 사람의 주소는 알려드릴 수 없습니다.
compliance|일본의 수도는?|일본의 수도는 도쿄입니다. 도쿄는 동쪽 해안에 있습니다.
compliance|물은 몇 도에서 끓어?|물은 섭씨 백 도에서 끓습니다. 산 위에서는 더 낮은 온도에서 끓습니다.
compliance|고래는 물고기야?|아니요, 고래는 물고기가 아니라 포유류입니다. 물속에서는 숨을 쉴 수 없습니다.
"""


def rows() -> list[tuple[str, str, str]]:
    """Label, prompt and answer of every text."""
    lines = [line.split("|", 2) for line in TEXTS.strip().split("\n")]
    return [(label, prompt, answer.replace("\\n", "\n")) for label, prompt, answer in lines]
