"""Times VTK on the job the bench example wrote: the same samples, plane, camera, step and transfer function."""

import json
import pathlib
import statistics
import sys
import time

import numpy
import vtk
from vtk.util import numpy_support

home = pathlib.Path(sys.argv[1])
job = json.loads((home / "job.json").read_text())
vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(2)
vtk.vtkSMPTools.Initialize(2)

size, spacing = job["size"], job["spacing"]
samples = numpy.fromfile(home / "volume.raw", dtype=numpy.int16)
image = vtk.vtkImageData()
image.SetDimensions(*size)
image.SetSpacing(*spacing)
image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(samples, deep=False))


def tell(name, work, times, parts=1):
    """A line of the median time on the wall and of all threads."""
    clocks = (time.perf_counter, time.process_time)
    figures = []
    for _ in range(times):
        start = [clock() for clock in clocks]
        work()
        figures.append([(clock() - begun) * 1e3 / parts for clock, begun in zip(clocks, start)])
    wall, processors = (statistics.median(figure) for figure in zip(*figures))
    print(f"{name}\t{wall:.2f}\t{processors:.2f}", flush=True)


def reslice(plane, interpolation):
    right, down, origin = (numpy.array(plane[name]) for name in ("right", "down", "origin"))
    normal = numpy.cross(right, down)
    axes = vtk.vtkMatrix4x4()
    for row in range(3):
        for column, vector in enumerate((right, down, normal, origin)):
            axes.SetElement(row, column, vector[row])
    step = plane["mm_per_pixel"]
    filter = vtk.vtkImageReslice()
    filter.SetInputData(image)
    filter.SetOutputDimensionality(2)
    filter.SetResliceAxes(axes)
    filter.SetInterpolationMode(interpolation)
    filter.SetOutputSpacing(step, step, 1)
    filter.SetOutputOrigin(step / 2, step / 2, 0)
    filter.SetOutputExtent(0, plane["pixels"][0] - 1, 0, plane["pixels"][1] - 1, 0, 0)
    filter.SetNumberOfThreads(2)
    return filter


def run(filter):
    filter.Modified()
    filter.Update()


for name in ("axial", "oblique"):
    filter = reslice(job["planes"][name], vtk.VTK_RESLICE_LINEAR)
    run(filter)
    tell(f"{name} 1024 linear", lambda: run(filter), 15)
    colours = vtk.vtkImageMapToWindowLevelColors()
    colours.SetInputConnection(filter.GetOutputPort())
    colours.SetWindow(400)
    colours.SetLevel(40)
    colours.SetOutputFormatToRGBA()
    colours.SetNumberOfThreads(2)

    def windowed():
        filter.Modified()
        colours.Update()

    windowed()
    tell(f"{name} 1024 linear (and window)", windowed, 15)


def volume_scene(mapper, shaded):
    property = vtk.vtkVolumeProperty()
    property.SetInterpolationTypeToLinear()
    colour, opacity = vtk.vtkColorTransferFunction(), vtk.vtkPiecewiseFunction()
    if shaded:
        for value, (r, g, b), per_mm in job["transfer"]:
            colour.AddRGBPoint(value, r / 255, g / 255, b / 255)
            opacity.AddPoint(value, per_mm)
        property.ShadeOn()
        property.SetScalarOpacityUnitDistance(1.0)
    else:
        low, high = job["window"]
        colour.AddRGBPoint(low, 0, 0, 0)
        colour.AddRGBPoint(high, 1, 1, 1)
        opacity.AddPoint(low, 0)
        opacity.AddPoint(high, 1)
        mapper.SetBlendModeToMaximumIntensity()
    property.SetColor(colour)
    property.SetScalarOpacity(opacity)
    mapper.SetInputData(image)
    volume = vtk.vtkVolume()
    volume.SetMapper(mapper)
    volume.SetProperty(property)
    renderer = vtk.vtkRenderer()
    renderer.AddVolume(volume)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(512, 512)
    window.AddRenderer(renderer)
    place = job["camera"]
    target, right, down = (numpy.array(place[name]) for name in ("target", "right", "down"))
    forward = numpy.cross(right, down)
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetFocalPoint(*target)
    camera.SetPosition(*(target - forward * 1000))
    camera.SetViewUp(*(-down))
    camera.SetParallelScale(place["mm_per_pixel"] * 256)
    renderer.ResetCameraClippingRange()
    return window, camera


def fixed_point():
    mapper = vtk.vtkFixedPointVolumeRayCastMapper()
    mapper.SetNumberOfThreads(2)
    mapper.AutoAdjustSampleDistancesOff()
    mapper.SetInteractiveSampleDistance(job["step_mm"])
    mapper.SetSampleDistance(job["step_mm"])
    mapper.SetImageSampleDistance(1)
    return mapper


def on_adapter():
    mapper = vtk.vtkGPUVolumeRayCastMapper()
    mapper.AutoAdjustSampleDistancesOff()
    mapper.SetSampleDistance(job["step_mm"])
    return mapper


for label, make in (("fixed point", fixed_point), ("GPU mapper", on_adapter)):
    for name, shaded in (("MIP 512", False), ("shaded 512", True)):
        window, camera = volume_scene(make(), shaded)

        def turned():
            # To and fro, so that every picture is drawn anew and all are of the same place.
            camera.Azimuth(0.01)
            window.Render()
            camera.Azimuth(-0.01)
            window.Render()

        tell(f"{name} first ({label})", window.Render, 1)
        tell(f"{name} ({label})", turned, 5, parts=2)
        if len(sys.argv) > 2:
            grab = vtk.vtkWindowToImageFilter()
            grab.SetInput(window)
            writer = vtk.vtkPNGWriter()
            writer.SetFileName(str(pathlib.Path(sys.argv[2]) / f"vtk {label} {name}.png"))
            writer.SetInputConnection(grab.GetOutputPort())
            writer.Write()
