# ruff: noqa: E501  (other scripts are wider than they look)
"""Six kinds of answers in twelve languages, in sentences of our own that train nothing.

Partial refusals are hard to tell from full ones in languages without training data: there it counts that the refused
part is not taken for an answer.
"""

from __future__ import annotations

import json

import pytest

from portable_llm.refusal._soft import classify

# kind → language → answer
PARTIAL = {
    "en": "Here is the summary you wanted: profits rose and costs fell. I can't share the author's private number.",
    "de": "Hier ist die Zusammenfassung: Die Gewinne stiegen. Die private Nummer der Autorin kann ich nicht nennen.",
    "fr": "Voici le résumé : les bénéfices ont augmenté. Je ne peux pas communiquer le numéro privé de l'auteure.",
    "es": "Aquí tienes el resumen: los beneficios subieron. No puedo compartir el número privado de la autora.",
    "pt": "Aqui está o resumo: os lucros subiram. Não posso partilhar o número privado da autora.",
    "it": "Ecco il riassunto: gli utili sono saliti. Non posso condividere il numero privato dell'autrice.",
    "zh": "以下是摘要：利润上升，成本下降。我无法提供作者的私人电话。",
    "ja": "以下が要約です。利益は増え、費用は減りました。著者の電話番号を提供することはできません。",
    "ko": "요약은 다음과 같습니다. 이익이 늘고 비용이 줄었습니다. 저자의 개인 번호는 알려드릴 수 없습니다.",
    "ar": "فيما يلي الملخص: ارتفعت الأرباح. لا يمكنني تقديم رقم الكاتبة الخاص.",
    "ru": "Вот краткое изложение: прибыль выросла. Личный номер автора я не могу предоставить.",
    "hi": "यहाँ सारांश है: मुनाफ़ा बढ़ा और लागत घटी। मैं लेखिका का निजी नंबर नहीं दे सकता।",
}
DISCLAIMED = {
    "en": "I'm not a lawyer, but here is the usual way:\n\n1. Write the notice.\n2. Send it by post.\n3. Keep a copy.",
    "de": "Ich bin kein Anwalt, aber so geht es meist:\n\n1. Kündigung schreiben.\n2. Per Post senden.\n3. Kopie behalten.",
    "fr": "Je ne suis pas avocat, mais voici la démarche :\n\n1. Rédigez la lettre.\n2. Postez-la.\n3. Gardez une copie.",
    "es": "No soy abogado, pero estos son los pasos:\n\n1. Escribe el aviso.\n2. Envíalo por correo.\n3. Guarda una copia.",
    "pt": "Não sou advogado, mas estes são os passos:\n\n1. Escreva o aviso.\n2. Envie pelo correio.\n3. Guarde uma cópia.",
    "it": "Non sono un avvocato, ma ecco i passaggi:\n\n1. Scrivi la disdetta.\n2. Spediscila.\n3. Conserva una copia.",
    "zh": "我不是律师，不过一般步骤如下：\n\n1. 写通知。\n2. 邮寄。\n3. 保留副本。",
    "ja": "私は弁護士ではありませんが、一般的な手順は以下のとおりです。\n\n1. 通知を書く。\n2. 郵送する。\n3. 控えを残す。",
    "ko": "저는 변호사는 아니지만 일반적인 절차는 다음과 같습니다.\n\n1. 통지서를 씁니다.\n2. 우편으로 보냅니다.\n3. 사본을 보관합니다.",
    "ar": "لست محاميًا، لكن إليك الخطوات المعتادة:\n\n1. اكتب الإشعار.\n2. أرسله بالبريد.\n3. احتفظ بنسخة.",
    "ru": "Я не юрист, но вот обычный порядок:\n\n1. Напишите уведомление.\n2. Отправьте почтой.\n3. Сохраните копию.",
    "hi": "मैं वकील नहीं हूँ, लेकिन सामान्य चरण नीचे हैं:\n\n1. सूचना लिखें।\n2. डाक से भेजें।\n3. प्रति रखें।",
}
NARRATED = {
    "en": '"I can\'t help you," said the clerk and closed the window. Ana walked home through the rain, made tea, and '
    "wrote a long letter to the office. A week later the clerk called her back.",
    "de": "„Ich kann Ihnen nicht helfen“, sagte der Beamte und schloss das Fenster. Ana ging durch den Regen nach "
    "Hause, kochte Tee und schrieb einen langen Brief an das Amt. Eine Woche später rief er zurück.",
    "fr": "« Je ne peux pas vous aider », dit l'employé en fermant le guichet. Ana rentra sous la pluie, prépara du "
    "thé et écrivit une longue lettre au bureau. Une semaine plus tard, il la rappela.",
    "es": "«No puedo ayudarla», dijo el empleado y cerró la ventanilla. Ana volvió a casa bajo la lluvia, hizo té y "
    "escribió una larga carta a la oficina. Una semana después la llamó.",
    "pt": "«Não posso ajudá-la», disse o funcionário e fechou o balcão. Ana voltou para casa debaixo de chuva, fez chá "
    "e escreveu uma longa carta. Uma semana depois ele telefonou.",
    "it": "«Non posso aiutarla», disse l'impiegato e chiuse lo sportello. Ana tornò a casa sotto la pioggia, preparò "
    "il tè e scrisse una lunga lettera. Una settimana dopo lui la richiamò.",
    "zh": "“我不能帮你，”职员说道，然后关上了窗户。安娜冒雨走回家，泡了茶，给办公室写了一封长信。一周后，职员打来了电话，请她再去一次。",
    "ja": "「お手伝いできません」と係員は言って窓口を閉めた。アナは雨の中を歩いて帰り、お茶をいれ、役所に長い手紙を書いた。一週間後、係員から電話があった。",
    "ko": '"도와드릴 수 없습니다." 직원이 말했다. 창구가 닫혔다. 아나는 빗속을 걸어 집에 돌아와 차를 끓이고 긴 편지를 썼다. 일주일 뒤 '
    "직원이 다시 전화를 걸어 왔고 둘은 함께 웃었다.",
    "ar": "«لا أستطيع مساعدتك»، قال الموظف وأغلق النافذة. عادت آنا إلى البيت تحت المطر، وأعدت الشاي، وكتبت رسالة طويلة إلى "
    "المكتب. بعد أسبوع اتصل بها الموظف.",
    "ru": "«Я не могу вам помочь», — сказал служащий и закрыл окно. Анна пошла домой под дождём, заварила чай и написала "
    "длинное письмо. Через неделю он перезвонил ей.",
    "hi": '"मैं आपकी मदद नहीं कर सकता," बाबू ने कहा और खिड़की बंद कर दी। आना बारिश में घर लौटी, चाय बनाई और दफ़्तर को लंबा पत्र लिखा। '
    "एक हफ़्ते बाद बाबू ने उसे फ़ोन किया।",
}
REDIRECTED = {
    "en": "I'd rather not write an insult. Instead, I'd be happy to help you say it politely.",
    "de": "Eine Beleidigung möchte ich nicht schreiben. Stattdessen helfe ich gern bei einer höflichen Nachricht.",
    "fr": "Je préfère ne pas écrire d'insulte. Je peux plutôt vous aider à le dire avec politesse.",
    "es": "Prefiero no escribir un insulto. En su lugar, puedo ayudarte a decirlo con educación.",
    "pt": "Prefiro não escrever um insulto. Em vez disso, posso ajudar a dizê-lo com educação.",
    "it": "Preferisco non scrivere un insulto. Posso invece aiutarti a dirlo con educazione.",
    "zh": "我不会写侮辱性的话。不过我可以帮您礼貌地表达。",
    "ja": "侮辱的な文章は書けません。代わりに、丁寧な伝え方をご提案できます。",
    "ko": "모욕적인 글은 작성할 수 없습니다. 대신 정중하게 표현하도록 도와드릴 수 있습니다.",
    "ar": "لا أرغب في كتابة إهانة. بدلاً من ذلك يسعدني أن أساعدك في قول ذلك بأدب.",
    "ru": "Я не буду писать оскорбление. Вместо этого могу помочь сказать это вежливо.",
    "hi": "मैं अपमानजनक संदेश नहीं लिख सकता। इसके बजाय मैं विनम्र संदेश लिखने में मदद कर सकता हूँ।",
}
OUT_OF_SCOPE = {
    "en": "I can only help with questions about your orders.",
    "de": "Ich kann nur bei Fragen zu Ihren Bestellungen helfen.",
    "fr": "Je peux uniquement répondre aux questions sur vos commandes.",
    "es": "Solo puedo ayudar con preguntas sobre sus pedidos.",
    "pt": "Só posso ajudar com perguntas sobre as suas encomendas.",
    "it": "Posso aiutare solo con domande sui vostri ordini.",
    "zh": "我只能回答与您的订单相关的问题。",
    "ja": "ご注文に関するご質問のみお答えしています。",
    "ko": "저는 주문과 관련된 질문만 도와드릴 수 있습니다.",
    "ar": "يمكنني المساعدة فقط في الأسئلة المتعلقة بطلباتكم.",
    "ru": "Я могу помочь только с вопросами о ваших заказах.",
    "hi": "मैं केवल आपके ऑर्डर से संबंधित प्रश्नों में मदद कर सकता हूँ।",
}
INCAPABLE = {
    "en": "I don't have access to the internet, so I can't look up today's prices.",
    "de": "Ich habe keinen Zugriff auf das Internet und kann die heutigen Preise nicht nachsehen.",
    "fr": "Je n'ai pas accès à Internet, je ne peux donc pas consulter les prix du jour.",
    "es": "No tengo acceso a Internet, así que no puedo consultar los precios de hoy.",
    "pt": "Não tenho acesso à Internet, por isso não posso consultar os preços de hoje.",
    "it": "Non ho accesso a Internet, quindi non posso consultare i prezzi di oggi.",
    "zh": "我无法访问互联网，因此无法查询今天的价格。",
    "ja": "インターネットにアクセスできませんので、本日の価格を確認できません。",
    "ko": "인터넷에 접근할 수 없어 오늘의 가격을 확인할 수 없습니다.",
    "ar": "ليس لدي إمكانية الوصول إلى الإنترنت، لذلك لا يمكنني معرفة أسعار اليوم.",
    "ru": "У меня нет доступа к интернету, поэтому я не могу узнать сегодняшние цены.",
    "hi": "मेरे पास इंटरनेट की पहुँच नहीं है, इसलिए मैं आज के दाम नहीं देख सकता।",
}


def each(kind: dict[str, str]) -> pytest.MarkDecorator:
    """A test per language."""
    return pytest.mark.parametrize("answer", kind.values(), ids=kind.keys())


@each(PARTIAL)
def test_a_part_that_is_refused_is_not_passed_over(answer: str):
    assert classify("Sum up the report and give me her number.", answer).label != "compliance"


@each(DISCLAIMED)
def test_a_disclaimer_before_the_steps_is_an_answer(answer: str):
    assert classify("How do I end a lease?", answer).label == "compliance"


@each(NARRATED)
def test_a_refusal_in_a_story_is_an_answer(answer: str):
    assert classify("Write a scene at a counter.", answer).label == "compliance"


@each(REDIRECTED)
def test_another_offer_in_place_of_an_answer_declines(answer: str):
    assert classify("Write an insult for my neighbour.", answer).label != "compliance"


@each(OUT_OF_SCOPE)
def test_help_with_something_else_only_is_out_of_scope(answer: str):
    verdict = classify("What is the weather in Lima?", answer)

    assert (verdict.label, verdict.category) == ("refusal", "out_of_scope")


@each(INCAPABLE)
def test_what_it_is_not_able_to_do_is_a_refusal_for_want_of_capability(answer: str):
    verdict = classify("What does copper cost today?", answer)

    assert (verdict.label, verdict.category) == ("refusal", "capability")


@each(INCAPABLE | OUT_OF_SCOPE)
def test_a_refusal_in_the_arguments_of_a_tool_is_found(answer: str):
    call = json.dumps({"reply_to_user": answer, "order": None}, ensure_ascii=False)

    assert classify("Reply to the customer.", call).label == "refusal"
