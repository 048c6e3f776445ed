"""What the demo shop has ready to say, and how it is set up."""

import msgspec

from actors.library import (
    Faq,
    FaqItem,
    Knowledge,
    KnowledgeItem,
    Macro,
    Macros,
    Then,
)
from actors.settings.ai import AiSettings
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings, LegalSettings, RatingSettings

SETTINGS = Settings(
    chat=ChatSettings(
        welcome="Hi {{profile.first_name|there}}! How can we help?",
    ),
    legal=LegalSettings(
        terms_url="https://shop.example/terms",
        privacy_url="https://shop.example/privacy",
    ),
    rating=RatingSettings(ask=True),
)
WITH_AI = msgspec.structs.replace(SETTINGS, ai=AiSettings(enabled=True, name="Aspen"))
"""As it is set up once its past has happened, in which people answered."""
FAQ = Faq(
    items=(
        FaqItem(
            id="delivery",
            question="When will my order arrive?",
            answer="Within two working days. You get a link to follow the parcel by"
            " e-mail as soon as it is on its way.",
        ),
        FaqItem(
            id="returns",
            question="Can I send it back?",
            answer="Yes, within 30 days, at our expense. The label is in the parcel.",
        ),
        FaqItem(
            id="payment",
            question="How can I pay?",
            answer="By card, by bank transfer, or when the parcel comes.",
        ),
    )
)
MACROS = Macros(
    items=(
        Macro(
            id="hello",
            name="Greeting",
            shortcut="hello",
            text="Hello {{profile.first_name|there}}, this is {{agent.name}}.",
        ),
        Macro(
            id="look",
            name="Still looking",
            shortcut="look",
            text="Still looking into this. Thank you for your patience.",
            hold=True,
        ),
        Macro(
            id="order",
            name="Where the order is",
            shortcut="order",
            category="Orders",
            text="Your order {{order.last.number}} is on its way, and should be with"
            " you in two days.",
        ),
        Macro(
            id="refund",
            name="Refund is under way",
            shortcut="refund",
            category="Orders",
            text="The money is on its way back to you. Banks take up to three days.",
            then=Then(tag=("refund",)),
        ),
        Macro(
            id="bye",
            name="Goodbye",
            shortcut="bye",
            text="Glad to help. Have a good day!",
            then=Then(close=True),
        ),
    )
)
KNOWLEDGE = Knowledge(
    items=(
        KnowledgeItem(
            id="lamp-care",
            title="Caring for the evening lamp",
            text="Dust the linen shade with a soft brush. The foot is ash, oiled: wipe"
            " it with a dry cloth. The bulb is an E27 of up to 40 W, and is included.",
        ),
        KnowledgeItem(
            id="mug-care",
            title="Caring for the mug",
            text="The mug may go into the dishwasher and the microwave. It holds 350"
            " ml. Every one is thrown by hand, and differs a little from its picture.",
        ),
        KnowledgeItem(
            id="throw-care",
            title="Washing the throw",
            text="Air it rather than wash it. If it has to be washed: by hand, at 30"
            " °C, with soap for wool, and dried lying flat.",
        ),
        KnowledgeItem(
            id="shipping",
            title="Where we deliver, and what it costs",
            text="We deliver to the whole European Union. It costs 6 €, and nothing"
            " from 80 € on. Parcels leave on working days until 14:00.",
        ),
        KnowledgeItem(
            id="gift",
            title="Gift wrapping",
            text="We wrap presents in paper of our own for 3 €, with a card if you tell"
            " us what to write on it.",
        ),
    )
)
