"""What runs inside the sandbox. This folder alone is visible there, so it imports only itself, course_lib and
installed packages; launch.py starts it by path, under the name ``_engine``."""
