"""What the bot says, and how callers answer its questions."""

GREETINGS = (
    "thank you for calling northline how can i help you today",
    "welcome to northline in a few words tell me why you're calling",
    "hi you've reached northline what can i do for you",
)
FALLBACKS = (
    "sorry i didn't get that could you say it in a few words",
    "i'm sorry i didn't understand please tell me again what you need",
    "let's try again what can i help you with",
)
OFFERS = (
    "okay i can help with {title} is that right",
    "it sounds like this is about {title} correct",
    "you're calling about {title} did i get that right",
)
CONFIRM = (
    "okay {title} shall i go ahead",
    "just to confirm {title} is that right",
    "i have everything for {title} should i do that now",
)
MISHEARD = "i'm not sure i heard that right could you check it"
ANYTHING_ELSE = "is there anything else i can help you with"
OUT_OF_SCOPE = "i'm sorry that is something i can't help with"
TRANSFER = "let me connect you with someone who can help please hold"

# VALUE stands for the value asked for, NAME for what people call it.
ANSWERS = (
    "VALUE",
    "VALUE",
    "it's VALUE",
    "it is VALUE",
    "that's VALUE",
    "sure it's VALUE",
    "yeah VALUE",
    "okay VALUE",
    "okay it's VALUE",
    "um VALUE",
    "uh let me see VALUE",
    "VALUE please",
    "VALUE i think",
    "my NAME is VALUE",
    "the NAME is VALUE",
    "yes the NAME is VALUE",
    "NAME VALUE",
    "that would be VALUE",
    "let me look it up okay VALUE",
)
CORRECTIONS = (
    "no it's VALUE",
    "no i said VALUE",
    "i meant VALUE",
    "sorry i mean VALUE",
    "no the NAME is VALUE",
    "wait no it's VALUE",
    "that's wrong it's VALUE",
    "you got that wrong the NAME is VALUE",
    "not that VALUE",
    "actually make it VALUE",
    "let me correct that it's VALUE",
    "no no VALUE",
)
LABELS = {
    "service_address": "address",
    "person_name": "name",
    "bill_month": "month",
    "payment_date": "date",
    "appointment_date": "day",
    "start_date": "date",
    "device_type": "device",
    "connected_device": "device",
    "charge_name": "charge",
    "plan_name": "plan",
    "channel_name": "package",
}
