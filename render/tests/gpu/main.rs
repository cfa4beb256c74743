//! What the GPU draws, checked against the CPU reference and against arithmetic. Runs on any adapter, a software one too.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod real;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod support;
#[cfg(test)]
mod two_volumes;
#[cfg(test)]
mod volumes;
