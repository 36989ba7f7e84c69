//! What can happen in a conversation, and which messages count as what.

/// Declares an enum whose variants have fixed names in files.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every variant, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in files and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The variant of a name; `None` for anything else (names are lower case and exact).
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// The kind of an event (kpi-rules, section 1).
    EventType {
        /// Somebody wrote.
        Message = "message",
        /// The platform opened the conversation.
        Opened = "opened",
        /// The platform opened it again.
        Reopened = "reopened",
        /// The conversation was closed.
        Closed = "closed",
        /// It was given to an agent or team.
        Assigned = "assigned",
        /// It was given a topic.
        Tagged = "tagged",
        /// It was put aside.
        Snoozed = "snoozed",
        /// It came back.
        Unsnoozed = "unsnoozed",
        /// A bot gave it to a human, or a team to another.
        Handoff = "handoff",
        /// A message is gone; `target_event_id` names it.
        Deleted = "deleted",
        /// The contact wants no more messages on this channel.
        OptedOut = "opted_out",
        /// The contact wants messages again.
        OptedIn = "opted_in",
    }
}

named! {
    /// Which way a message went.
    Direction {
        /// From the customer.
        Inbound = "inbound",
        /// To the customer.
        Outbound = "outbound",
    }
}

named! {
    /// Who wrote a message.
    Author {
        /// The customer.
        Contact = "contact",
        /// A human agent.
        Agent = "agent",
        /// A program that speaks for the company.
        Bot = "bot",
        /// The platform itself.
        System = "system",
    }
}

named! {
    /// What a message counts as (kpi-rules M1 to M3).
    MessageKind {
        /// An inbound message of a contact, not private, not automated (M1).
        Question = "question",
        /// An outbound message of an agent, not private, not automated (M2).
        Answer = "answer",
        /// An outbound public message by a bot, or automated (M3).
        Bot = "bot",
        /// Notes, system messages, automated inbound messages; and everything that is no message.
        Other = "other",
    }
}

/// The rank of an event among those of one conversation and instant (kpi-rules O1).
///
/// 0 opened and reopened, 1 opted_in, 2 inbound messages, 3 outbound messages, 4 everything else, 5 closed. A message
/// whose direction is unknown ranks as inbound.
pub const fn rank(event_type: EventType, direction: Option<Direction>) -> u8 {
    match event_type {
        EventType::Opened | EventType::Reopened => 0,
        EventType::OptedIn => 1,
        EventType::Message => match direction {
            Some(Direction::Outbound) => 3,
            _ => 2,
        },
        EventType::Closed => 5,
        _ => 4,
    }
}

/// What a message counts as (kpi-rules M1 to M3). An inbound message without an author is the contact's; an outbound
/// one without an author is nobody's, hence [`MessageKind::Other`] unless automated.
pub const fn message_kind(
    event_type: EventType,
    direction: Option<Direction>,
    author: Option<Author>,
    private: bool,
    automated: bool,
) -> MessageKind {
    if !matches!(event_type, EventType::Message) || private {
        return MessageKind::Other;
    }
    match (direction, author) {
        (Some(Direction::Inbound), None | Some(Author::Contact)) if !automated => MessageKind::Question,
        (Some(Direction::Outbound), Some(Author::Agent)) if !automated => MessageKind::Answer,
        (Some(Direction::Outbound), Some(Author::Bot)) => MessageKind::Bot,
        (Some(Direction::Outbound), _) if automated => MessageKind::Bot,
        _ => MessageKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle's `is_inbound`, `is_agent_message` and `is_bot_message`, word for word.
    fn oracle_kind(
        direction: Option<Direction>,
        author: Option<Author>,
        private: bool,
        automated: bool,
    ) -> MessageKind {
        let inbound = direction == Some(Direction::Inbound)
            && author.unwrap_or(Author::Contact) == Author::Contact
            && !private
            && !automated;
        let agent = direction == Some(Direction::Outbound) && author == Some(Author::Agent) && !private && !automated;
        let bot = direction == Some(Direction::Outbound) && !private && (automated || author == Some(Author::Bot));
        match (inbound, agent, bot) {
            (true, _, _) => MessageKind::Question,
            (_, true, _) => MessageKind::Answer,
            (_, _, true) => MessageKind::Bot,
            _ => MessageKind::Other,
        }
    }

    #[test]
    fn every_combination_counts_as_the_oracle_says() {
        let directions = [None, Some(Direction::Inbound), Some(Direction::Outbound)];
        let authors = [None, Some(Author::Contact), Some(Author::Agent), Some(Author::Bot), Some(Author::System)];
        for direction in directions {
            for author in authors {
                for private in [false, true] {
                    for automated in [false, true] {
                        assert_eq!(
                            message_kind(EventType::Message, direction, author, private, automated),
                            oracle_kind(direction, author, private, automated),
                            "{direction:?} {author:?} private={private} automated={automated}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn names_go_there_and_back() {
        for &t in EventType::ALL {
            assert_eq!(EventType::from_name(t.as_str()), Some(t));
        }
        assert_eq!(EventType::from_name("Message"), None);
    }
}
