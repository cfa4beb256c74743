//! What a server has been told, and what it must still be told to answer a request.
//!
//! Where it knows the request's past, only the new prompts are sent. Where it does not (another object, a prompt taken
//! away, a new session), the mask so far is laid down and the old prompts are drawn again without predicting, which
//! leaves the server as it was.

use super::abilities::Abilities;
use super::lease::Lease;
use super::line::{Body, Call, Line, SHORT, Trouble};
use super::sent::{self, Said};
use crate::engine::{Request, changed_box};
use crate::prompt::{Prompt, Shape};
use crate::wire::{path, unpack};
use limner_imaging::{Cancel, Mask, Task, VoxelBox};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A picture of gigabytes over a slow line.
const SENDING: Duration = Duration::from_secs(900);
/// A large network on a processor.
const PREDICTING: Duration = Duration::from_secs(600);
const QUICK: Duration = Duration::from_secs(30);

type Outcome<T = ()> = Result<T, Trouble>;

#[derive(Default)]
pub struct Conversation {
    session: Option<Session>,
}

struct Session {
    lease: Lease,
    picture: Option<u64>,
    /// What the server holds; `None` where that is in doubt.
    known: Option<Known>,
    steps_back: bool,
}

struct Known {
    prompts: Vec<Prompt>,
    mask: Mask,
}

/// Whom to speak to, and about what.
struct Talk<'a> {
    line: &'a Arc<Line>,
    abilities: &'a Abilities,
    cancel: &'a Cancel,
    token: String,
    size: [usize; 3],
}

impl Conversation {
    pub const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    pub fn has_lost_session(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.lease.is_lost())
    }

    /// After trouble: what the server holds is not known any more, and perhaps there is no session either.
    pub fn doubt(&mut self, trouble: &Trouble) {
        if trouble.may_pass() {
            self.session = None;
        } else if let Some(session) = &mut self.session {
            session.known = None;
        }
    }

    /// The mask that answers a request, and the box it may have changed.
    pub fn ask(
        &mut self,
        line: &Arc<Line>,
        abilities: &Abilities,
        request: &Request,
        task: &Task,
    ) -> Outcome<(Mask, VoxelBox)> {
        let cancel = &task.cancel;
        let mut session = match self.session.take().filter(|session| !session.lease.is_lost()) {
            Some(session) => session,
            None => Session { lease: Lease::claim(line, cancel)?, picture: None, known: None, steps_back: true },
        };
        let talk = Talk { line, abilities, cancel, token: session.lease.token.clone(), size: request.image.size() };
        let answer = session.asked(&talk, request, task);
        self.session = Some(session);
        answer
    }
}

impl Session {
    fn asked(&mut self, talk: &Talk, request: &Request, task: &Task) -> Outcome<(Mask, VoxelBox)> {
        self.show(talk, request, task)?;
        if self.steps_back != request.steps_back {
            talk.tell(path::SET_DO_AUTOZOOM, json!({"do_autozoom": request.steps_back}), QUICK)?;
            self.steps_back = request.steps_back;
        }
        let nothing = Mask::empty(VoxelBox::default());
        let previous = request.previous.map_or(&nothing, |previous| &previous.mask);
        let new = &request.prompts[request.answered.min(request.prompts.len())..];
        // In doubt until all of it has gone well.
        let known = self.known.take();
        let knows = known.as_ref().is_some_and(|known| known.knows(&request.prompts[..request.answered], previous));
        let start = new.iter().rposition(|prompt| matches!(prompt.shape, Shape::Mask { .. }));
        let (mut mask, mut changed) = (previous.clone(), VoxelBox::default());
        let mut rest = new;
        if let Some(n) = start {
            let Shape::Mask { mask: begun, refine } = &new[n].shape else { return Err(no_start()) };
            rest = &new[n + 1..];
            changed = previous.tight_box().union(&begun.tight_box());
            mask = begun.clone();
            let run = *refine && rest.is_empty() && !begun.is_empty();
            let answer = talk.say(sent::start(begun, run, talk.size))?;
            answer.onto(&mut mask, &mut changed);
        } else if !knows {
            talk.begin_anew(
                &request.prompts[..request.answered],
                previous,
                known.is_none_or(|known| !known.is_empty()),
            )?;
        }
        for (n, prompt) in rest.iter().enumerate() {
            let answer = talk.say(sent::prompt(prompt, n + 1 == rest.len(), talk.size, talk.abilities)?)?;
            answer.onto(&mut mask, &mut changed);
        }
        self.known = Some(Known { prompts: request.prompts.to_vec(), mask: mask.clone() });
        Ok((mask, changed))
    }

    /// Sends the picture where the server has another one.
    fn show(&mut self, talk: &Talk, request: &Request, task: &Task) -> Outcome {
        let fingerprint = sent::fingerprint(request.image);
        if self.picture == Some(fingerprint) {
            return Ok(());
        }
        (self.picture, self.known) = (None, None);
        task.progress.begin("sending the picture to the server", 0);
        let (meta, packed) = sent::picture(request.image, talk.abilities);
        talk.send(path::SET_IMAGE, meta, packed, SENDING)?;
        let [columns, rows, slices] = talk.size;
        talk.tell(path::SET_TARGET_BUFFER, json!({"shape": [slices, rows, columns], "dtype": "uint8"}), QUICK)?;
        task.progress.begin("segmenting on the server", 0);
        (self.picture, self.known) = (Some(fingerprint), Some(Known::nothing()));
        Ok(())
    }
}

fn no_start() -> Trouble {
    Trouble::Refused { status: 0, detail: "there is no mask to start from".into() }
}

impl Known {
    fn nothing() -> Self {
        Self { prompts: Vec::new(), mask: Mask::empty(VoxelBox::default()) }
    }

    fn is_empty(&self) -> bool {
        self.prompts.is_empty() && self.mask.is_empty()
    }

    fn knows(&self, prompts: &[Prompt], mask: &Mask) -> bool {
        self.prompts == prompts && changed_box(Some(&self.mask), mask).is_empty()
    }
}

/// The part of the mask that came back.
struct Answer(Option<Mask>);

impl Answer {
    fn onto(self, mask: &mut Mask, changed: &mut VoxelBox) {
        let Some(part) = self.0 else { return };
        let bounds = part.bounds();
        *changed = changed.union(&bounds);
        *mask = mask.within(mask.bounds().union(&bounds));
        part_onto(&part, mask);
    }
}

fn part_onto(part: &Mask, mask: &mut Mask) {
    let (from, into) = (part.bounds(), mask.bounds());
    let ([width, height, depth], [columns, rows, _]) = (from.size(), into.size());
    for (k, j) in (0..depth).flat_map(|k| (0..height).map(move |j| (k, j))) {
        let [i, row, slice] = [from.min[0] - into.min[0], from.min[1] + j - into.min[1], from.min[2] + k - into.min[2]];
        let at = (slice * rows + row) * columns + i;
        let line = &part.voxels()[(k * height + j) * width..][..width];
        mask.voxels_mut()[at..at + width].copy_from_slice(line);
    }
}

impl Talk<'_> {
    /// Makes the server hold a mask and the marks of old prompts, without a prediction. A server that takes no mask
    /// hears the prompts one by one, as the user gave them.
    fn begin_anew(&self, old: &[Prompt], mask: &Mask, clear: bool) -> Outcome {
        if clear {
            self.tell(path::RESET_INTERACTIONS, json!({}), QUICK)?;
        }
        let again = !self.abilities.can.mask;
        let begun = old.iter().rposition(|prompt| matches!(prompt.shape, Shape::Mask { .. }));
        if !again && !mask.is_empty() {
            self.say(sent::start(mask, false, self.size))?;
        }
        for prompt in &old[begun.map_or(0, |n| n + 1)..] {
            self.say(sent::prompt(prompt, again, self.size, self.abilities)?)?;
        }
        Ok(())
    }

    fn say(&self, said: Said) -> Outcome<Answer> {
        let body = match said.packed {
            Some(packed) => Body::Array { meta: said.meta, packed: Arc::new(packed) },
            None => Body::Json(said.meta),
        };
        // A whole mask, were it not packed at all.
        let room: usize = self.size.iter().product();
        let reply = self.ask(said.path, body, PREDICTING, room + room / 64 + SHORT)?;
        let meta = reply.meta.unwrap_or_default();
        let Some(bounds) = sent::box_of(&meta, self.size)? else { return Ok(Answer(None)) };
        let array = unpack(&reply.body, 8 * bounds.len()).map_err(|why| Trouble::Stranger(why.to_string()))?;
        Ok(Answer(Some(sent::part(&array, bounds)?)))
    }

    fn tell(&self, path: &'static str, value: Value, time: Duration) -> Outcome {
        self.ask(path, Body::Json(value), time, SHORT).map(|_| ())
    }

    fn send(&self, path: &'static str, meta: Value, packed: Vec<u8>, time: Duration) -> Outcome {
        self.ask(path, Body::Array { meta, packed: Arc::new(packed) }, time, SHORT).map(|_| ())
    }

    fn ask(&self, path: &'static str, body: Body, time: Duration, most: usize) -> Outcome<super::line::Reply> {
        let call = Call { path, body, lease: Some(self.token.clone()), time, most };
        self.line.ask(call, self.cancel)
    }
}
