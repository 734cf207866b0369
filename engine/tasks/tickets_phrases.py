"""Words and sentences from which the synthetic support tickets are put together; knows nothing of models or files.

Everything here was written for this project. No sentence quotes a real ticket, and no person, firm or brand is named.
Statements and requests are grouped by class; `SHARED` holds statements that two classes have in common, so that only
the request that follows (or nothing at all) tells them apart.
"""

CLASSES = ("billing", "refund", "account", "technical", "shipping")

# Which class a mislabelled ticket most plausibly lands in.
CONFUSED_WITH = {
    "billing": "refund",
    "refund": "billing",
    "account": "technical",
    "technical": "account",
    "shipping": "refund",
}

SLOTS: dict[str, tuple[str, ...]] = {
    "item": (
        "desk lamp", "kettle", "backpack", "rain jacket", "keyboard", "coffee grinder", "water bottle", "yoga mat",
        "phone case", "office chair", "blanket", "toaster", "bike light", "notebook", "frying pan", "monitor stand",
        "garden hose", "reading light", "picture frame", "sleeping bag",
    ),
    "plan": (
        "monthly plan", "yearly plan", "family plan", "starter plan", "team plan", "student plan", "premium plan",
        "basic plan", "trial plan",
    ),
    "when": (
        "yesterday", "last week", "this morning", "on Monday", "on Friday", "two days ago", "last night",
        "at the weekend", "at the start of the month", "on 14 May", "on 3 March", "an hour ago", "last Tuesday",
    ),
    "since": (
        "yesterday", "last week", "this morning", "Monday", "Friday", "the weekend", "last Tuesday", "1 June",
        "my last visit",
    ),
    "days": (
        "three days", "five days", "a week", "ten days", "two weeks", "almost a month", "several days", "nine days",
    ),
    "month": ("January", "March", "April", "June", "August", "October", "November"),
    "device": ("phone", "tablet", "laptop", "computer", "work computer", "new phone", "old laptop"),
    "page": (
        "settings page", "search page", "start page", "payment page", "report page", "profile page", "order page",
        "invoice page", "tracking page", "help page",
    ),
    "place": (
        "a neighbour", "the wrong building", "my old address", "the pick-up point", "the post office", "the garage",
    ),
}  # fmt: skip

STATEMENTS: dict[str, tuple[str, ...]] = {
    "billing": (
        "My invoice for {month} shows {amount} instead of {amount}.",
        "I was billed for the {plan} although I chose the {plan}.",
        "The tax on the bill for {order} is wrong.",
        "The discount code was accepted but the bill shows the full price.",
        "I changed to the {plan} {when} and the price did not change.",
        "There is a fee of {amount} on my statement that I cannot explain.",
        "The card on file has expired and the payment for {month} failed.",
        "I never received an invoice for {order}.",
        "The company address on the invoice is out of date.",
        "My payment of {amount} is still shown as open.",
        "Two lines on my bill are for the same {item}.",
        "The {plan} costs more than the price list says.",
        "I paid by bank transfer {when} and still got a reminder.",
        "The bill for {month} lists users who have left our team.",
        "I need the receipts of the whole year for my tax office.",
        "The payment went through in a different currency.",
        "I would like to pay by bank transfer from {month} on.",
        "My account was charged {amount} for an extra seat nobody asked for.",
    ),
    "refund": (
        "I sent the {item} back {when} and have not seen my money.",
        "The refund of {amount} for {order} has not arrived.",
        "I returned {order} {days} ago and the amount is still missing.",
        "Only a part of the {amount} I paid came back.",
        "I cancelled {order} before it left and want the money returned.",
        "The {item} does not fit, and I want to return it.",
        "You promised to pay back {amount} and nothing has happened.",
        "I ended the {plan} within the trial period and expect my payment back.",
        "The return label for the {item} does not print.",
        "The {item} broke after {days} and I no longer want it.",
        "My refund went to a card that is closed.",
        "I got store credit although I had asked for money.",
        "The {item} is not as described, so I am giving it back.",
        "The return was accepted {when} but no money was sent.",
        "I no longer use the {plan} and want the unused months paid back.",
        "Your shop says the return is complete, my bank says it is not.",
    ),
    "account": (
        "I forgot my password and the security question is not mine.",
        "I cannot sign in with my new e-mail address.",
        "My account was locked after three attempts.",
        "I want to change the e-mail address of my profile.",
        "Somebody signed in to my account from another city {when}.",
        "A colleague left and I need her access removed.",
        "I have two accounts and want to merge them.",
        "I lost my old phone and cannot get the sign-in code.",
        "My user name is spelled wrong in the profile.",
        "Please close my account, I do not use it any more.",
        "I am not the owner of our team account and need to become it.",
        "I was invited to the {plan} but my role lets me see nothing.",
        "The reset link says my e-mail address is unknown.",
        "I would like to switch off the two-step sign-in.",
        "My account shows the order history of another person.",
        "I need to add a second user to our account.",
        "I signed up {when} and my account is still not approved.",
    ),
    "technical": (
        "The app closes by itself when I open the {page}.",
        "The {page} stays blank on my {device}.",
        "I get error {code} whenever I press save.",
        "The website has been very slow since {since}.",
        "Files that I upload from my {device} disappear.",
        "After the update the app no longer starts on my {device}.",
        "The {page} loads for minutes and then shows error {code}.",
        "Notifications arrive hours late on my {device}.",
        "The search gives no results for any word.",
        "Data is not synchronised between my {device} and my {device}.",
        "The export button does nothing in my browser.",
        "Pictures on the {page} are not shown.",
        "The app uses up the battery of my {device} in an hour.",
        "The basket empties itself when I go to the {page}.",
        "The printed report has half of its columns missing.",
        "The sound stops after a few seconds on my {device}.",
        "The buttons on the {page} overlap and cannot be pressed.",
    ),
    "shipping": (
        "{Order} was due {when} and has not arrived.",
        "The tracking has not changed for {days}.",
        "The parcel was left with {place} without a note.",
        "I gave the wrong house number for {order}.",
        "The driver did not ring although I was home {when}.",
        "Only one of the two parcels of {order} arrived.",
        "The box with the {item} came open and wet.",
        "The tracking says delivered, but I have no parcel.",
        "My {item} has been waiting at customs for {days}.",
        "I shall be away and need a later delivery date.",
        "The {item} was sent to {place}.",
        "I paid for express and the {item} is {days} late.",
        "The tracking number of {order} is not known to the carrier.",
        "{Order} has been in preparation for {days}.",
        "I would like {order} sent to my office.",
        "The parcel went back to you before I could collect it.",
    ),
}

# What the writer wants done: follows "please" or "could you".
REQUESTS: dict[str, tuple[str, ...]] = {
    "billing": (
        "send me a corrected invoice", "explain this charge", "change the bill", "update my payment method",
        "send a receipt", "check the price of my plan", "put the discount on the next bill",
        "tell me what I have to pay", "stop the reminders",
    ),
    "refund": (
        "pay the money back", "refund {amount}", "send the amount to my card", "take the {item} back",
        "tell me when my money comes", "send a return label", "start the refund", "cancel it and return my payment",
        "give me my money instead of a voucher",
    ),
    "account": (
        "reset my password", "unlock my account", "change my e-mail address", "check who has access",
        "give me access again", "delete my profile", "send a new sign-in code", "confirm my identity",
        "change my role",
    ),
    "technical": (
        "fix this error", "look at the log", "tell me which version works", "have a developer look at it",
        "repair the page", "tell me how to reinstall the app", "check your server", "send a workaround",
        "tell me whether an update is planned",
    ),
    "shipping": (
        "find my parcel", "change the delivery address", "tell me where it is", "send it again",
        "give me a delivery date", "ask the carrier", "hold the parcel", "send a working tracking number",
        "deliver it in the evening",
    ),
}  # fmt: skip

# Statements that fit two classes. With a request of one class they are decided; alone they are truly ambiguous.
SHARED: dict[tuple[str, str], tuple[str, ...]] = {
    ("billing", "refund"): (
        "I was charged twice for {order}.",
        "You took {amount} from my card {when}, and I had cancelled the {plan}.",
        "The {plan} was renewed although I ended it {when}.",
        "I paid {amount} too much for the {item}.",
        "My card was charged {amount} for something I did not buy.",
        "The price of the {item} fell by {amount} one day after I paid.",
        "{amount} was taken for a free trial.",
    ),
    ("account", "technical"): (
        "I cannot sign in on my {device}.",
        "The sign-in page shows error {code} after I type my password.",
        "The app asks for my password again every few minutes.",
        "The password reset e-mail does not arrive.",
        "Since {since} the app says that my session has ended.",
        "My profile picture cannot be saved.",
        "The code for the two-step sign-in is not accepted.",
    ),
    ("refund", "shipping"): (
        "The {item} arrived broken.",
        "You sent the wrong {item} with {order}.",
        "{Order} is {days} late.",
        "A part of the {item} is missing from the box.",
        "The parcel with the {item} never came.",
    ),
    ("billing", "account"): (
        "I want to end the {plan}.",
        "Our company has a new name.",
        "My trial became a paid account {when}.",
    ),
}

# A matter of another class that is mentioned, but over: it must not decide the label.
SETTLED: dict[str, tuple[str, ...]] = {
    "billing": (
        "The question about my invoice is solved.",
        "The bill you corrected {when} is right now.",
        "I have paid the open amount, so the payment is settled.",
        "The price is fine.",
    ),
    "refund": (
        "The refund for my last return arrived {when}.",
        "I got my money back for the {item}, that part is done.",
        "I do not want my money back.",
        "Your colleague already took care of the return.",
    ),
    "account": (
        "The password reset worked {when}.",
        "I can sign in again since {since}.",
        "My account is unlocked now, that was quick.",
        "My e-mail address was changed as I asked.",
    ),
    "technical": (
        "The app works again since the update.",
        "The error on the {page} is gone.",
        "The website is fast today.",
        "The crash I wrote about {when} is fixed.",
    ),
    "shipping": (
        "The parcel came {when}.",
        "Delivery was quick and the box was fine.",
        "The tracking is correct now.",
        "My other order was delivered without trouble.",
    ),
}

TOPICS: dict[str, tuple[str, ...]] = {
    "billing": ("the invoice", "the price", "my payment", "the charge"),
    "refund": ("a refund", "a return", "getting money back", "the returned {item}"),
    "account": ("my password", "the sign-in", "my profile", "my account"),
    "technical": ("the app", "an error", "the website", "the update"),
    "shipping": ("the delivery", "the parcel", "the tracking", "the address"),
}

TURNS = (
    "Now to my real question:", "But:", "That is not all.", "What I am writing about:", "There is something else.",
    "Today's problem is a different one.", "On another matter:",
)  # fmt: skip
AFTERTHOUGHTS = ("By the way:", "For your information:", "Apart from that:", "On the positive side:", "P.S.")
DENIALS = (
    "This is not about {topic}.", "It has nothing to do with {topic}.", "My question is not about {topic}.",
    "I do not need help with {topic}.",
)  # fmt: skip
# Two requests in one sentence, the second refused: the same words in another order mean another class.
REFUSALS = (
    "Please {wanted}, you need not {unwanted}.", "Do not {unwanted}, please {wanted}.",
    "You need not {unwanted}, but please {wanted}.", "I do not ask you to {unwanted}, only to {wanted}.",
    "I ask you to {wanted}, not to {unwanted}.", "Could you {wanted}? There is no need to {unwanted}.",
    "There is no need to {unwanted}. Could you {wanted}?", "Rather than {unwanted}, could you {wanted}?",
)  # fmt: skip
# Two open matters: the writer says which one the ticket is about.
PRIORITIES = (
    "{minor} More important: {main}", "{main} Less important: {minor}", "{main} That is the main thing. Also: {minor}",
    "Also: {minor} The main thing: {main}", "First the small matter: {minor} Now the big one: {main}",
    "First the big matter: {main} Now the small one: {minor}", "{minor} That can wait. {main} That cannot.",
    "{main} That cannot wait. {minor} That can.",
)  # fmt: skip
GREETINGS = (
    "Hello,", "Hi,", "Good morning,", "Good afternoon,", "Dear support team,", "Hi there,", "Hello support,",
    "To whom it may concern,",
)  # fmt: skip
CONTEXTS = (
    "I have been a customer for years.", "I am new here.", "I write for a small firm.", "This is my second message.",
    "I tried the help pages first.", "I hope you can help me.", "Sorry to bother you again.",
    "I could not reach anyone by phone.",
)  # fmt: skip
MOODS = (
    "This is urgent.", "I am rather disappointed.", "It is not a big problem, but it is annoying.",
    "I need this before {month}.", "I have waited long enough.", "There is no hurry.", "This happens every month.",
    "I had expected better.", "Maybe I did something wrong.",
)  # fmt: skip
ASKING = ("Please {request}.", "Could you {request}?", "Can you please {request}?", "I would like you to {request}.",
          "Kindly {request}.", "Would you {request}?")  # fmt: skip
CLOSINGS = ("Thanks.", "Thank you.", "Best regards", "Kind regards", "Many thanks!", "Thanks in advance.",
            "Thank you for your help.")  # fmt: skip
