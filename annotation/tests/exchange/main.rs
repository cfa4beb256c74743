//! Exports, judged by readers of their own: what was drawn must be found at the same place in the patient.

#[cfg(test)]
mod coco;
#[cfg(test)]
mod dicom;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod judges;
#[cfg(test)]
mod nifti;
#[cfg(test)]
mod release;
#[cfg(test)]
mod round;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod shards;
