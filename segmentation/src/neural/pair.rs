//! A model of two networks: one for single pictures and frames, one for volumes. Each lies in a folder of its own
//! within the model's.

use super::Neural;
use super::blend::blended;
use super::folder::{self, is_network, license};
use crate::engine::{Capabilities, Engine, Prediction, Request, Training};
use crate::error::Result;
use crate::gpu::{self, Wish};
use limner_imaging::{StackAxis, Task, Volume};
use std::path::Path;
use std::sync::Arc;

const PLANE: &str = "plane";
const VOLUME: &str = "volume";

struct Pair {
    name: String,
    license: Option<String>,
    plane: Neural,
    volume: Neural,
}

/// Whether a folder holds a pair.
fn is_pair(folder: &Path) -> bool {
    [PLANE, VOLUME].iter().all(|part| is_network(&folder.join(part)))
}

/// Whether a folder looks like a model, of one network or of two.
#[must_use]
pub fn is_model(folder: &Path) -> bool {
    is_network(folder) || is_pair(folder)
}

/// What a model folder holds, in words for people.
pub fn about(folder: &Path) -> String {
    if is_pair(folder) {
        "Two networks: one for pictures and frames, one for volumes".into()
    } else {
        folder::about(folder)
    }
}

/// Opens a model folder under a name, where this process prefers networks to run.
pub fn open(folder: &Path, name: &str) -> Result<Arc<dyn Engine>> {
    open_on(folder, name, gpu::preferred())
}

/// Opens a model folder under a name, where it is wished to run.
pub fn open_on(folder: &Path, name: &str, wish: Wish) -> Result<Arc<dyn Engine>> {
    if is_pair(folder) {
        return Ok(Arc::new(Pair::open(folder, name, wish)?));
    }
    Ok(Arc::new(Neural::open_on(folder, name, wish)?))
}

impl Pair {
    fn open(folder: &Path, name: &str, wish: Wish) -> Result<Self> {
        let part = |part: &str| Neural::open_on(&folder.join(part), name, wish);
        Ok(Self { name: name.into(), license: license(folder), plane: part(PLANE)?, volume: part(VOLUME)? })
    }

    /// Frames in time and colours are for the network of pictures.
    fn fit(&self, image: &Volume) -> &Neural {
        let flat = image.size()[2] == 1 || image.stack_axis != StackAxis::Space || image.is_colour();
        if flat { &self.plane } else { &self.volume }
    }
}

impl Engine for Pair {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::both(&self.plane.capabilities(), &self.volume.capabilities())
    }

    fn license(&self) -> Option<&str> {
        self.license.as_deref()
    }

    /// The network of volumes is the one that takes its time.
    fn device(&self) -> &str {
        self.volume.device()
    }

    fn computes(&self) -> crate::engine::Computes {
        self.volume.computes()
    }

    fn corrects(&self) -> bool {
        true
    }

    fn wants_intensities(&self) -> bool {
        true
    }

    fn training(&self) -> Option<Training<'_>> {
        self.volume.training()
    }

    fn predict(&self, request: &Request, task: &Task) -> Result<Prediction> {
        let found = self.fit(request.image).predict(request, task)?;
        blended(&found, request, task)
    }
}
