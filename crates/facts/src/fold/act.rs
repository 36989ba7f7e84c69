//! What an event does to a conversation.

use tapemeasure_model::event::{Author, Direction, EventType, MessageKind, message_kind};

/// What an event does (kpi-rules M, S, W). Everything that only touches the dimensions and the clock of silence is
/// [`Act::Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A question: opens a session, opens a wait.
    Question,
    /// An answer: opens a session, ends a wait.
    Answer,
    /// A bot's message: ends a wait where bots answer.
    Bot,
    /// Another message: a note, a system message, an automated inbound one.
    Message,
    /// Opens a session.
    Opened,
    /// Opens a session, again.
    Reopened,
    /// Ends a wait without an answer.
    OptedOut,
    /// Changes a subscription back.
    OptedIn,
    /// Ends the session.
    Closed,
    /// Ends the session, by a timer or rule.
    AutoClosed,
    /// Nothing but its dimensions and its time.
    Note,
}

impl Act {
    /// Decides from the fields of an event; null flags count as false.
    pub const fn of(
        event_type: EventType,
        direction: Option<Direction>,
        author: Option<Author>,
        private: bool,
        automated: bool,
    ) -> Self {
        match event_type {
            EventType::Message => match message_kind(event_type, direction, author, private, automated) {
                MessageKind::Question => Self::Question,
                MessageKind::Answer => Self::Answer,
                MessageKind::Bot => Self::Bot,
                MessageKind::Other => Self::Message,
            },
            EventType::Opened => Self::Opened,
            EventType::Reopened => Self::Reopened,
            EventType::OptedOut => Self::OptedOut,
            EventType::OptedIn => Self::OptedIn,
            EventType::Closed if automated => Self::AutoClosed,
            EventType::Closed => Self::Closed,
            _ => Self::Note,
        }
    }

    /// Whether it opens a session where none is open (S1).
    pub const fn opens(self) -> bool {
        matches!(self, Self::Question | Self::Answer | Self::Opened | Self::Reopened)
    }

    /// Whether its channel can be the session's (D1).
    pub const fn names_channel(self) -> bool {
        self.is_message() || matches!(self, Self::Opened | Self::Reopened)
    }

    /// Whether somebody or something wrote.
    pub const fn is_message(self) -> bool {
        matches!(self, Self::Question | Self::Answer | Self::Bot | Self::Message)
    }
}
