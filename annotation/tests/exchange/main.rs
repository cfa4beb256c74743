//! Exports, judged by readers of their own: what was drawn must be found at the same place in the patient.

#[cfg(test)]
mod awkward;
#[cfg(test)]
mod brought;
#[cfg(test)]
mod coco;
#[cfg(test)]
mod dicom;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod gone_on;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod judges;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod multi_rater;
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
