# A pinhole camera with a shifted lens: it looks straight ahead, slightly from above, so verticals stay vertical.
from dataclasses import dataclass


@dataclass
class Camera:
    width: int
    height: int
    focal: float      # pixels per unit at distance 1
    distance: float   # from the lens to the front edge of the belt (z = 0)
    eye: float        # height of the lens above the belt surface
    horizon: float    # image row of the horizon
    pan: float = 0.0  # world x shown at the middle of the picture

    def scale(self, z):
        """Pixels per world unit at depth z behind the front edge of the belt."""
        return self.focal / (self.distance + z)

    def project(self, x, y, z):
        s = self.focal / (self.distance + z)
        return self.width / 2 + (x - self.pan) * s, self.horizon + (self.eye - y) * s

    def tilt(self, y, z):
        """How open a horizontal circle at height y and depth z looks: minor over major axis."""
        return (self.eye - y) / (self.distance + z)


def make_camera(width, height, view_units=9.0, distance=7.0, eye=3.2, belt_front=0.83, pan=0.0):
    """A camera that shows `view_units` of belt across the picture, the belt edge at `belt_front` of its height."""
    focal = width / view_units * distance
    horizon = belt_front * height - focal * eye / distance
    return Camera(width, height, focal, distance, eye, horizon, pan)
