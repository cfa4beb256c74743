//! An engine elsewhere: any server that speaks nnInteractive's protocol, ours or the official one.
//!
//! A request says everything an answer depends on, so a session that was lost is made again from it: claimed anew, the
//! picture sent, the mask so far laid down, the prompts drawn again, and one prediction run. The user notices a moment's
//! wait. All waiting ends, by itself or by `Cancel`.

mod abilities;
mod conversation;
mod lease;
mod line;
mod sent;

use crate::engine::{Capabilities, Engine, Prediction, Request};
use crate::error::{Error, Result};
use abilities::Abilities;
use conversation::Conversation;
pub use lease::farewell;
use limner_imaging::{Mask, Task, VoxelBox};
use line::{Line, Trouble};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use crate::serve::Key;

/// Whether a model's name is the address of a server.
#[must_use]
pub fn is_address(name: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| name.starts_with(scheme))
}

/// How often a lost session is made again for one question, and how long to wait before each.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(700), Duration::from_secs(3)];
const TICK: Duration = Duration::from_millis(50);

pub struct Remote {
    line: Arc<Line>,
    abilities: Abilities,
    conversation: Mutex<Conversation>,
}

impl Remote {
    /// Asks a server what it can do; a session of its own is claimed with the first question.
    pub fn connect(address: &str, key: Option<Key>, task: &Task) -> Result<Self> {
        let line = Arc::new(Line::new(address, key)?);
        let abilities = abilities::ask(&line, &task.cancel).map_err(|trouble| line.error(trouble))?;
        Ok(Self { line, abilities, conversation: Mutex::default() })
    }

    /// What the server says of itself, for people: which program it is and what it runs.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.abilities.about
    }

    /// The conversation, once nobody else has it.
    fn turn(&self, task: &Task) -> Result<MutexGuard<'_, Conversation>> {
        loop {
            task.cancel.check()?;
            if let Some(conversation) = self.conversation.try_lock_for(TICK) {
                return Ok(conversation);
            }
        }
    }

    /// Asks, and where the session turns out to be lost, makes it again and asks once more.
    fn asked(&self, request: &Request, task: &Task) -> Result<(Mask, VoxelBox)> {
        let mut conversation = self.turn(task)?;
        let mut had_session = conversation.has_session();
        // The thread beside it may have heard so before anybody asked.
        let mut renewed = conversation.has_lost_session();
        let mut pauses = PAUSES.iter();
        loop {
            let trouble = match conversation.ask(&self.line, &self.abilities, request, task) {
                Ok(answer) => {
                    if renewed {
                        let text = "The server had dropped the session; it was made again with all prompts";
                        task.warnings.add("session_renewed", text);
                    }
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            conversation.doubt(&trouble);
            // Somebody who was never let in is told so at once.
            let pause = pauses.next().filter(|_| had_session && trouble.may_pass());
            let Some(pause) = pause else { return Err(self.line.error(trouble)) };
            log::info!("the session at {} is made again: {trouble}", self.line.name());
            (renewed, had_session) = (true, true);
            wait(*pause, task)?;
        }
    }
}

fn wait(pause: Duration, task: &Task) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < pause {
        task.cancel.check()?;
        std::thread::sleep(TICK.min(pause));
    }
    Ok(task.cancel.check()?)
}

impl Engine for Remote {
    fn name(&self) -> &str {
        self.line.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.abilities.can
    }

    fn license(&self) -> Option<&str> {
        self.abilities.license.as_deref()
    }

    fn corrects(&self) -> bool {
        true
    }

    fn device(&self) -> &str {
        &self.abilities.device
    }

    fn predict(&self, request: &Request, task: &Task) -> Result<Prediction> {
        let start = Instant::now();
        let (mask, changed) = if request.prompts.len() > request.answered {
            self.asked(request, task)?
        } else {
            (request.previous.map_or_else(|| Mask::empty(VoxelBox::default()), |p| p.mask.clone()), VoxelBox::default())
        };
        let bounds = mask.tight_box();
        let mask = match request.forbidden {
            None => mask.within(bounds),
            Some(_) => {
                let free = Mask::from_fn(bounds, |at| mask.get(at) && !request.is_forbidden(at));
                free.within(free.tight_box())
            }
        };
        Ok(Prediction { mask, probability: None, changed, seconds: start.elapsed().as_secs_f64() })
    }
}

/// Words for trouble with a server, and what to do about it.
impl Line {
    fn error(&self, trouble: Trouble) -> Error {
        let name = self.name();
        let reason = match trouble {
            Trouble::Cancelled => return limner_imaging::Error::Cancelled.into(),
            Trouble::Key(detail) if self.has_key() => {
                format!("{name} does not take this key ({detail}): ask whoever runs the server for the right one")
            }
            Trouble::Key(_) => format!(
                "{name} wants a key: enter it in the settings of the model, or set {} before the start",
                crate::wire::KEY_VARIABLES[0]
            ),
            Trouble::Full(detail) => {
                format!(
                    "{name} has no free session ({detail}): try again when somebody has finished, or raise --max-sessions there"
                )
            }
            Trouble::Gone(detail) => {
                format!("{name} drops the session again and again ({detail}): it may be overloaded or restarting")
            }
            Trouble::Unreachable(detail) => {
                format!("{name} cannot be reached ({detail}): is the server running, and is the address right?")
            }
            // Nobody else has seen it.
            Trouble::Refused { status: 0, detail } => detail,
            Trouble::Refused { status, detail } => format!("{name} refused this ({status}): {detail}"),
            Trouble::Stranger(detail) => format!(
                "{name} does not speak nnInteractive's protocol of version 2 ({detail}): it may be another program, or an older plug-in server"
            ),
        };
        Error::Network { reason }
    }
}
