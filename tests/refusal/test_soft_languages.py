"""Refusals and answers in twelve languages, in sentences of our own that train nothing."""

from __future__ import annotations

import pytest

from portable_llm.refusal._soft import classify

REFUSALS = {
    "en": (
        "I'm sorry, but I can't assist with that.",
        "I cannot provide instructions for breaking into a house.",
        "I must respectfully decline to write that letter.",
        "As an AI, I'm not able to support illegal activities. Please consider legal options.",
        "Sorry, that goes against my guidelines, so I won't do it.",
    ),
    "de": (
        "Es tut mir leid, aber ich kann dir bei diesem Vorhaben nicht helfen.",
        "Ich kann keine Anleitung zum Bau einer Waffe geben.",
        "Leider darf ich diese Frage nicht beantworten, da sie gegen meine Richtlinien verstößt.",
        "Als KI-Assistent bin ich nicht in der Lage, illegale Handlungen zu unterstützen.",
    ),
    "fr": (
        "Désolé, je ne peux pas répondre à cette demande.",
        "Je ne peux pas vous fournir ces informations, car cela serait illégal.",
        "En tant qu'IA, je ne suis pas en mesure de vous aider à nuire à quelqu'un.",
        "Je dois refuser : cette demande est contraire à mes principes.",
    ),
    "es": (
        "Lo siento, no puedo ayudarte con esa petición.",
        "No puedo proporcionar instrucciones para fabricar un arma.",
        "Como modelo de lenguaje, no me es posible participar en actividades ilegales.",
        "Lamento no poder atender esta solicitud. No puedo generar contenido ofensivo.",
    ),
    "pt": (
        "Sinto muito, mas não posso ajudar com esse pedido.",
        "Não posso fornecer instruções para fabricar armas.",
        "Como uma IA, não consigo participar de atividades ilegais.",
        "Desculpe, não posso responder a isso porque viola as minhas diretrizes.",
    ),
    "it": (
        "Mi dispiace, non posso aiutarti con questa richiesta.",
        "Non posso fornire istruzioni per costruire un'arma.",
        "Come modello linguistico, non sono in grado di partecipare ad attività illegali.",
        "Purtroppo devo rifiutare: la richiesta va contro i miei principi.",
    ),
    "zh": (
        "很抱歉，我无法协助您完成这个请求。",
        "我不能提供制造武器的方法，这是违法的。",
        "作为人工智能助手，我无法参与任何非法活动。",
        "對不起，我無法回答這個問題。",
    ),
    "ja": (
        "申し訳ございませんが、そのご質問にはお答えできません。",
        "武器の作り方をお教えすることはできません。違法行為にあたります。",
        "AIとして、違法な活動を支援することはできません。",
        "すみませんが、その依頼はお受けできません。",
    ),
    "ko": (
        "죄송합니다. 그 요청은 도와드릴 수 없습니다.",
        "무기 제작 방법은 알려드릴 수 없습니다. 이는 불법입니다.",
        "저는 인공지능으로서 불법적인 활동을 지원할 수 없습니다.",
        "죄송하지만 해당 질문에는 답변드리기 어렵습니다.",
    ),
    "ar": (
        "عذراً، لا يمكنني المساعدة في هذا الطلب.",
        "لا أستطيع تقديم تعليمات لصنع سلاح، فهذا غير قانوني.",
        "بصفتي نموذجًا لغويًا، لا يمكنني المشاركة في أنشطة غير قانونية.",
        "أعتذر، لن أتمكن من الإجابة عن هذا السؤال.",
    ),
    "ru": (
        "К сожалению, я не могу помочь вам с этой просьбой.",
        "Я не могу предоставить инструкцию по изготовлению оружия: это незаконно.",
        "Как языковая модель, я не могу участвовать в незаконных действиях.",
        "Простите, но я вынужден отказать в этом запросе.",
    ),
    "hi": (
        "माफ़ कीजिए, मैं इस अनुरोध में आपकी सहायता नहीं कर सकता।",
        "मैं हथियार बनाने की जानकारी नहीं दे सकती, यह गैरकानूनी है।",
        "एक एआई के रूप में मैं अवैध गतिविधियों में मदद करने में असमर्थ हूँ।",
        "क्षमा करें, मैं इस प्रश्न का उत्तर नहीं दे सकता।",
    ),
}
ANSWERS = {
    "en": (
        "Sure! Boil the water, add the tea and wait for three minutes.",
        "The capital of Peru is Lima. It lies on the coast and has about ten million people.",
    ),
    "de": (
        "Natürlich! Koche das Wasser, gib den Tee hinein und warte drei Minuten.",
        "Die Hauptstadt von Peru ist Lima. Sie liegt an der Küste und hat etwa zehn Millionen Einwohner.",
    ),
    "fr": (
        "Bien sûr ! Faites bouillir l'eau, ajoutez le thé et attendez trois minutes.",
        "La capitale du Pérou est Lima. Elle se trouve sur la côte et compte dix millions d'habitants.",
    ),
    "es": (
        "¡Claro! Hierve el agua, añade el té y espera tres minutos.",
        "La capital de Perú es Lima. Está en la costa y tiene unos diez millones de habitantes.",
    ),
    "pt": (
        "Claro! Ferva a água, adicione o chá e espere três minutos.",
        "A capital do Peru é Lima. Fica na costa e tem cerca de dez milhões de habitantes.",
    ),
    "it": (
        "Certo! Fai bollire l'acqua, aggiungi il tè e aspetta tre minuti.",
        "La capitale del Perù è Lima. Si trova sulla costa e ha circa dieci milioni di abitanti.",
    ),
    "zh": ("当然可以！把水烧开，放入茶叶，等三分钟。", "秘鲁的首都是利马，位于海岸，约有一千万人口。"),
    "ja": (
        "もちろんです。お湯を沸かし、茶葉を入れて三分待ってください。",
        "ペルーの首都はリマです。海岸にあり、約一千万人が住んでいます。",
    ),
    "ko": (
        "물론입니다! 물을 끓이고 찻잎을 넣은 뒤 삼 분 기다리세요.",
        "페루의 수도는 리마입니다. 해안에 있으며 약 천만 명이 살고 있습니다.",
    ),
    "ar": (
        "بالتأكيد! اغلِ الماء ثم أضف الشاي وانتظر ثلاث دقائق.",
        "عاصمة بيرو هي ليما، وتقع على الساحل ويسكنها نحو عشرة ملايين نسمة.",
    ),
    "ru": (
        "Конечно! Вскипятите воду, добавьте чай и подождите три минуты.",
        "Столица Перу — Лима. Она расположена на побережье, в ней живёт около десяти миллионов человек.",
    ),
    "hi": (
        "ज़रूर! पानी उबालें, चाय डालें और तीन मिनट रुकें।",
        "पेरू की राजधानी लीमा है। यह तट पर है और यहाँ लगभग एक करोड़ लोग रहते हैं।",
    ),
}


@pytest.mark.parametrize(
    ("language", "answer"), [(language, text) for language, texts in REFUSALS.items() for text in texts]
)
def test_a_refusal_is_a_refusal_in_every_language(language: str, answer: str):
    verdict = classify("", answer)

    assert verdict.label == "refusal", language
    assert verdict.evidence


@pytest.mark.parametrize(
    ("language", "answer"), [(language, text) for language, texts in ANSWERS.items() for text in texts]
)
def test_an_answer_is_an_answer_in_every_language(language: str, answer: str):
    assert classify("", answer).label == "compliance", language
