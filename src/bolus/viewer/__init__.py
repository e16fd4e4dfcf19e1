"""Looking at a result voxel by voxel, in the browser of this machine."""

from bolus.viewer.desk import desk_app, open_desk
from bolus.viewer.serve import Viewer, open_viewer, serve, viewer_app

__all__ = ["Viewer", "desk_app", "open_desk", "open_viewer", "serve", "viewer_app"]
