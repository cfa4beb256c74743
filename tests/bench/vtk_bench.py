"""What VTK takes for the pictures of render/examples/bench.rs, on data of the same kind, with two threads."""

import math
import sys
import time

import numpy as np
import vtk
from vtk.util import numpy_support


def ct_like(size):
    """A body with lungs, a spine, ribs and noise: tissue() of bench.rs."""
    x, y, z = (np.arange(n, dtype=np.float32) / n for n in size)
    p = np.meshgrid(x, y, z, indexing="ij", sparse=True)

    def within(centre, radius):
        return sum(((p[a] - centre[a]) / radius[a]) ** 2 for a in range(3) if radius[a] is not None)

    body = within((0.5, 0.5, 0.5), (0.45, 0.33, 0.6))
    value = np.full(size, 40, np.int16)
    ribs = (body > 0.86) & (np.modf(p[2] * 20 + p[0])[0] < 0.35)
    value[ribs] = 900
    spine = within((0.5, 0.7, 0), (0.06, 0.07, None)) < 1
    value = np.where(spine, (700 + np.sin(p[2] * 60) * 300).astype(np.int16), value)
    for side in (0.3, 0.7):
        value[within((side, 0.45, 0.55), (0.13, 0.18, 0.35)) < 1] = -850
    value[within((0.62, 0.42, 0.4), (0.04, 0.04, 0.06)) < 1] = 120
    value[body >= 1] = -1000
    noise = np.random.default_rng(1).integers(-16, 16, size, dtype=np.int16)
    return (value + noise).astype(np.int16)


def median_ms(work, count=9):
    work()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2]


def image_of(samples):
    image = vtk.vtkImageData()
    image.SetDimensions(samples.shape)
    image.SetSpacing(0.7, 0.7, 1.0)
    flat = samples.ravel(order="F")
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(flat, deep=True))
    return image


def oblique(image):
    normal = np.array([0.4, -0.5, 0.7])
    normal /= np.linalg.norm(normal)
    down = -(np.array([0, 0, 1.0]) - normal * normal[2])
    down /= np.linalg.norm(down)
    right = np.cross(down, normal)
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetResliceAxesDirectionCosines(*right, *down, *normal)
    reslice.SetResliceAxesOrigin(*image.GetCenter())
    reslice.SetInterpolationModeToLinear()
    side = 1024
    spacing = 500.0 / side
    reslice.SetOutputExtent(0, side - 1, 0, side - 1, 0, 0)
    reslice.SetOutputSpacing(spacing, spacing, 1)
    reslice.SetOutputOrigin(-250, -250, 0)

    def work():
        reslice.Modified()
        reslice.Update()

    return median_ms(work)


def volume(image, mapper, is_mip):
    mapper.SetInputData(image)
    opacity = vtk.vtkPiecewiseFunction()
    colour = vtk.vtkColorTransferFunction()
    for value, (r, g, b), part in [
        (140, (140, 70, 50), 0.0),
        (280, (230, 180, 130), 0.12),
        (600, (250, 238, 212), 0.5),
        (1500, (255, 255, 255), 0.9),
    ]:
        opacity.AddPoint(value, part)
        colour.AddRGBPoint(value, r / 255, g / 255, b / 255)
    look = vtk.vtkVolumeProperty()
    look.SetScalarOpacity(opacity)
    look.SetColor(colour)
    look.SetInterpolationTypeToLinear()
    if is_mip:
        mapper.SetBlendModeToMaximumIntensity()
    else:
        look.ShadeOn()
    actor = vtk.vtkVolume()
    actor.SetMapper(mapper)
    actor.SetProperty(look)
    renderer = vtk.vtkRenderer()
    renderer.AddVolume(actor)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(512, 512)
    window.AddRenderer(renderer)
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetViewUp(0, 0, 1)
    centre = image.GetCenter()
    camera.SetFocalPoint(*centre)
    camera.SetPosition(centre[0] - math.sin(0.5) * 900, centre[1] - math.cos(0.5) * 900, centre[2] + 180)
    renderer.ResetCamera()
    camera.Zoom(1.4)
    return median_ms(window.Render, 5)


def main():
    slices = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(2)
    vtk.vtkSMPTools.Initialize(2)
    image = image_of(ct_like((512, 512, slices)))
    print(f"VTK {vtk.vtkVersion().GetVTKVersion()}")
    print(f"1024² oblique Linear, vtkImageReslice: {oblique(image):.2f} ms")
    for name, is_mip in [("MIP", True), ("shaded bone", False)]:
        cpu = vtk.vtkFixedPointVolumeRayCastMapper()
        cpu.SetNumberOfThreads(2)
        cpu.SetAutoAdjustSampleDistances(0)
        cpu.SetLockSampleDistanceToInputSpacing(1)
        print(f"512² {name}, vtkFixedPointVolumeRayCastMapper: {volume(image, cpu, is_mip):.1f} ms")
        gpu = vtk.vtkGPUVolumeRayCastMapper()
        gpu.SetAutoAdjustSampleDistances(0)
        print(f"512² {name}, vtkGPUVolumeRayCastMapper: {volume(image, gpu, is_mip):.1f} ms")


main()
