//! What the GPU draws, checked against the CPU reference and against arithmetic. Runs on any adapter, a software one too.

#[cfg(test)]
mod labels;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod support;
#[cfg(test)]
mod two_volumes;
#[cfg(test)]
mod volumes;
