//! What people write: a few phrases for each occasion, which make the length of a line real.

use crate::event::Body;
use crate::random::Random;
use crate::tables::{CHANNELS, TEAMS, TOPICS};

/// Orders have eight digits.
const ORDERS: (i64, i64) = (10_000_000, 99_999_999);
/// How many questions name an order.
const ORDER_PER_MILLE: u64 = 350;

/// First questions, by the position of the topic in [`TOPICS`].
const QUESTIONS: [&[&str]; 7] = [
    &[
        "My parcel was announced for yesterday, but nothing has arrived.",
        "The tracking page has not moved since Monday. Where is my order?",
        "Can you tell me when my order will be delivered?",
        "The courier says that he left it with a neighbour, but nobody here has it.",
        "Is it still possible to change the delivery address?",
    ],
    &[
        "I was charged twice for the same order, please check.",
        "The amount on my invoice does not match what I ordered.",
        "Could you send me the invoice for last month again?",
        "My card was refused although there is enough money on it.",
        "Why is there a fee of 4.90 on my bill?",
    ],
    &[
        "I would like to send back the shoes, they are too small.",
        "How do I get a return label?",
        "I returned two items two weeks ago and still have no refund.",
        "One of the items came damaged, what can I do?",
        "Can I exchange the jacket for another size?",
    ],
    &[
        "The app closes each time that I open my basket.",
        "I cannot log in any more, the page only shows an error.",
        "The device does not connect after the last update.",
        "Your website is down for me, is that a known problem?",
        "The code that you send by text message never arrives.",
    ],
    &[
        "I need to change the e-mail address of my account.",
        "Please delete my account and all my data.",
        "How can I add a second user to our company account?",
        "My password reset link has expired before I could use it.",
        "I have moved, where do I change my address?",
    ],
    &[
        "Is the blue one available in size 42 again soon?",
        "Does the charger fit the model from last year?",
        "What is the difference between the two versions?",
        "Do you also ship the large set to Austria?",
        "How long is the guarantee on the battery?",
    ],
    &[
        "This is the third time I am writing about this, and nobody answers.",
        "I am really disappointed, your colleague promised to call me back.",
        "If this is not solved today, I will cancel everything.",
        "The quality is not what you show in the pictures.",
    ],
];

const DETAILS: &[&str] = &[
    "I have attached a screenshot, in case that helps.",
    "I already looked at your help pages, but could not find an answer there.",
    "Please let me know what else you need from me.",
    "It would be great to hear from you before the weekend.",
];

const GREETINGS: &[&str] = &["Hello,", "Good morning,", "Dear support team,", "Hi there,", "Good evening,"];

const FOLLOW_UPS: &[&str] = &[
    "Thanks, but that did not help. What else can I try?",
    "Yes, I did that already, twice.",
    "And how long will that take?",
    "I have sent you the picture now, can you see it?",
    "Sorry, I do not understand what you mean by that.",
    "It still says that it is being processed.",
    "The number is on the second page, is that the right one?",
    "Could you also check the other one that I ordered?",
    "Okay. Will I get a confirmation of that?",
    "Are you still there?",
    "No, it is the other address, the one from last year.",
];

const FRAGMENTS: &[&str] = &[
    "Hello?",
    "It is the one from last week.",
    "I have been waiting since Monday.",
    "Please answer soon, it is urgent.",
    "By the way, I paid by card.",
    "Wait, I am sending you a picture.",
];

const ANSWERS: &[&str] = &[
    "I have checked this for you: everything is fine on our side, and it will be sorted out by tomorrow evening.",
    "Thank you for the details. I have passed this on to the warehouse and will come back to you today.",
    "I am sorry for the trouble. I have just sent you a new link, could you please try it once more?",
    "That should not happen. I have corrected it, and the money will be back on your account in three days.",
    "You will find it in your account under Settings, then Orders, on the second tab.",
    "Could you please send me the number of your order and the postcode?",
    "I have sent you a return label by e-mail. Please put it on the parcel and hand it in at any shop.",
    "The item will be back in stock next week. Shall I reserve one for you?",
    "Your parcel is on its way and should be with you between 10 and 14 today.",
    "I can offer you an exchange or a refund, which would you prefer?",
];

const SECOND_ANSWERS: &[&str] = &[
    "Is there anything else I can help you with?",
    "Please give it a few minutes before you try again.",
    "I will keep an eye on it for you.",
    "You can also see the state of it in your account at any time.",
];

const CLOSINGS: &[&str] = &[
    "Kind regards, your service team",
    "Best wishes from the service team. You can simply reply to this mail.",
    "Have a nice day!",
];

const THANKS: &[&str] = &[
    "Great, thank you very much!",
    "Thanks, that worked.",
    "Perfect, have a nice day.",
    "Okay, thanks for your help!",
    "Super, thank you for the quick answer.",
];

const WELCOMES: &[&str] =
    &["You are welcome, have a nice day!", "My pleasure. Write to us any time.", "Glad that I could help!"];

const NOTES: &[&str] = &[
    "Customer has called about this before, see the earlier conversation.",
    "Asked the warehouse, they look for it until noon.",
    "Refund approved by the team lead.",
    "Looks like the known problem with the last release, linked to the incident.",
];

const BOT_GREETINGS: &[&str] = &[
    "Hello! I am the digital assistant. One of my colleagues will be with you shortly.",
    "Welcome! Please describe in one sentence how we can help you.",
    "Hi, thanks for writing to us. We usually answer within a few minutes.",
];

const BOT_ASKS: &[&str] =
    &["To find your order I need its number, please.", "Please type the eight digits of your order number."];

const BOT_HANDS_OVER: &[&str] =
    &["Thank you! I am handing you over to a colleague now.", "Got it. A human will take care of this."];

const ORDER_REPLIES: &[&str] = &["Here it is:", "I think it is this one:", "This is the number on the parcel:"];

const SYSTEM_MESSAGES: &[&str] = &["You are now connected with our team.", "An agent has joined the conversation."];

const OUT_OF_OFFICE: &[&str] = &[
    "Thank you for your message. Our office is closed at the moment; we will answer as soon as we are back.",
    "We have received your message. Our service hours are Monday to Friday from 7 to 22 and at the weekend by day.",
];

const CAMPAIGNS: &[&str] = &[
    "Only this weekend: 20 percent off everything for the garden. Reply STOP if you do not want these messages.",
    "Your favourite brand is back in stock. Have a look before it is gone! Reply STOP to unsubscribe.",
    "We have missed you! Here is a voucher of 5 euros for your next order: HELLO5. Reply STOP to unsubscribe.",
];

const OUTREACH: &[&str] = &[
    "Your order will arrive two days later than planned. Is that all right for you?",
    "The item that you asked for is available again. Shall I reserve one for you?",
    "We could not book the amount from your account. Could you please check your payment details?",
    "We noticed that your last return was not complete. Did you perhaps keep the charger?",
];

/// Whether texts can stand in JSON and CSV as they are: printable ASCII without quotes and backslashes, not empty.
const fn are_plain(texts: &[&str]) -> bool {
    let mut at = 0;
    while at < texts.len() {
        let bytes = texts[at].as_bytes();
        if bytes.is_empty() {
            return false;
        }
        let mut byte = 0;
        while byte < bytes.len() {
            if !matches!(bytes[byte], b' '..=b'~') || bytes[byte] == b'"' || bytes[byte] == b'\\' {
                return false;
            }
            byte += 1;
        }
        at += 1;
    }
    true
}

/// Fails to compile if a text would need escapes.
const _: () = {
    let mut topic = 0;
    while topic < QUESTIONS.len() {
        assert!(are_plain(QUESTIONS[topic]));
        topic += 1;
    }
    assert!(are_plain(DETAILS) && are_plain(GREETINGS) && are_plain(FOLLOW_UPS) && are_plain(FRAGMENTS));
    assert!(are_plain(ANSWERS) && are_plain(SECOND_ANSWERS) && are_plain(CLOSINGS) && are_plain(THANKS));
    assert!(are_plain(WELCOMES) && are_plain(NOTES) && are_plain(BOT_GREETINGS) && are_plain(BOT_ASKS));
    assert!(are_plain(BOT_HANDS_OVER) && are_plain(ORDER_REPLIES) && are_plain(SYSTEM_MESSAGES));
    assert!(are_plain(OUT_OF_OFFICE) && are_plain(CAMPAIGNS) && are_plain(OUTREACH));
    assert!(are_plain(&TEAMS) && QUESTIONS.len() == TOPICS.len());
    let mut at = 0;
    while at < TOPICS.len() {
        assert!(are_plain(&[TOPICS[at].name]));
        at += 1;
    }
    let mut at = 0;
    while at < CHANNELS.len() {
        assert!(are_plain(&[CHANNELS[at].name, CHANNELS[at].source]));
        at += 1;
    }
};

/// What is written, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Occasion {
    /// The first question about the topic at this position in [`TOPICS`].
    Question(usize),
    /// A further message of the same turn.
    Fragment,
    /// A question after an answer.
    FollowUp,
    /// An agent's answer.
    Answer,
    /// The agent goes on.
    SecondAnswer,
    /// The contact's last word.
    Thanks,
    /// The agent's last word.
    Welcome,
    /// A private note.
    Note,
    /// A bot greets.
    BotGreeting,
    /// A bot asks for the order.
    BotAsks,
    /// The contact names it.
    OrderReply,
    /// The bot hands over.
    BotHandsOver,
    /// The system tells that an agent is there.
    SystemMessage,
    /// An automatic reply out of office hours.
    OutOfOffice,
    /// An automated campaign.
    Campaign,
    /// An agent begins a conversation.
    Outreach,
}

/// A text for an occasion; in mails the people begin and end as one does in letters.
pub(crate) fn body(occasion: Occasion, is_mail: bool, random: &mut Random) -> Body {
    let phrases = match occasion {
        Occasion::Question(topic) => QUESTIONS[topic],
        Occasion::Fragment => FRAGMENTS,
        Occasion::FollowUp => FOLLOW_UPS,
        Occasion::Answer => ANSWERS,
        Occasion::SecondAnswer => SECOND_ANSWERS,
        Occasion::Thanks => THANKS,
        Occasion::Welcome => WELCOMES,
        Occasion::Note => NOTES,
        Occasion::BotGreeting => BOT_GREETINGS,
        Occasion::BotAsks => BOT_ASKS,
        Occasion::OrderReply => ORDER_REPLIES,
        Occasion::BotHandsOver => BOT_HANDS_OVER,
        Occasion::SystemMessage => SYSTEM_MESSAGES,
        Occasion::OutOfOffice => OUT_OF_OFFICE,
        Occasion::Campaign => CAMPAIGNS,
        Occasion::Outreach => OUTREACH,
    };
    let phrase = random.pick(phrases);
    let phrases = match occasion {
        Occasion::Question(_) if is_mail => [random.pick(GREETINGS), phrase, random.pick(DETAILS)],
        Occasion::FollowUp | Occasion::Outreach if is_mail => [random.pick(GREETINGS), phrase, ""],
        Occasion::Answer if is_mail => [random.pick(GREETINGS), phrase, random.pick(CLOSINGS)],
        _ => [phrase, "", ""],
    };
    let names_order = match occasion {
        Occasion::Question(_) => random.chance(ORDER_PER_MILLE),
        Occasion::OrderReply => true,
        _ => false,
    };
    let order = if names_order { random.between(ORDERS.0, ORDERS.1) as u64 } else { 0 };
    Body { phrases, order }
}
