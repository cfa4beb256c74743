//! Where one image lies to another: turned and moved as a whole, found by a computer or set by hand. One a pair.

use crate::contents::Contents;
use crate::entity::{ImageId, RegistrationId, Rules};
use crate::error::{Error, Result};
use crate::id::Key;
use glam::{DAffine3, DMat3};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a stored turn may be from a true one.
const RIGID: f64 = 1e-6;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[serde(default = "RegistrationId::new")]
    pub id: RegistrationId,
    /// The image that stays.
    pub fixed: ImageId,
    pub moving: ImageId,
    /// From a point of the fixed image's world to the same place in the moving image's: x, y, z of each row, then the
    /// shift in mm. `moving = rows * fixed + shift`.
    pub rows: [[f64; 3]; 3],
    pub shift_mm: [f64; 3],
    /// Normalised mutual information at the end of a search, 1 to 2; none where a hand set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl Registration {
    #[must_use]
    pub fn new(fixed: ImageId, moving: ImageId, moving_from_fixed: DAffine3, score: Option<f64>) -> Self {
        let id = RegistrationId::new();
        Self { id, fixed, moving, rows: [[0.0; 3]; 3], shift_mm: [0.0; 3], score }.with(moving_from_fixed)
    }

    /// The same pair, lying otherwise.
    #[must_use]
    pub fn with(self, moving_from_fixed: DAffine3) -> Self {
        let m = moving_from_fixed.matrix3;
        let rows = [m.row(0), m.row(1), m.row(2)].map(|row| row.to_array());
        Self { rows, shift_mm: moving_from_fixed.translation.to_array(), ..self }
    }

    #[must_use]
    pub fn moving_from_fixed(&self) -> DAffine3 {
        let matrix = DMat3::from_cols_array_2d(&self.rows).transpose();
        DAffine3::from_mat3_translation(matrix, self.shift_mm.into())
    }
}

impl Rules for Registration {
    fn id(&self) -> Uuid {
        self.id.0
    }

    fn mentions(&self) -> Vec<Key> {
        vec![self.fixed.into(), self.moving.into()]
    }

    fn check(&self, contents: &Contents) -> Result<()> {
        if self.fixed == self.moving {
            return Err(Error::refused("an image is not registered to itself"));
        }
        let matrix = self.moving_from_fixed().matrix3;
        let finite = self.rows.iter().flatten().chain(&self.shift_mm).all(|x| x.is_finite());
        let off = (matrix * matrix.transpose() - DMat3::IDENTITY).to_cols_array();
        if !finite || off.iter().any(|x| x.abs() > RIGID) || matrix.determinant() < 0.0 {
            return Err(Error::refused("a registration turns and moves only: no stretching, no mirroring"));
        }
        let pair = |other: &&Self| other.fixed == self.fixed && other.moving == self.moving && other.id != self.id;
        match contents.all::<Self>().find(pair) {
            Some(_) => Err(Error::refused("these two images are registered already; change that registration")),
            None => Ok(()),
        }
    }
}
