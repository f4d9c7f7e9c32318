#!/usr/bin/env python3
"""A link edge that the layer table does not have stops the configuration, however it was made.

Each test configures a copy of the tree with one line changed. Usage: test_edges.py CC [-v] [TestEdges[.test]]
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("CMakeLists.txt", "README.md", "LICENSE", "contrib", "policy", "pam_module", "broker", "po")
COMPILER = "cc"


class Edges(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "tree"
        self.root.mkdir()
        for part in PARTS:
            if (SOURCE / part).is_dir():
                shutil.copytree(SOURCE / part, self.root / part)
            elif (SOURCE / part).exists():
                shutil.copy(SOURCE / part, self.root / part)

    def change(self, path, old, new):
        target = self.root / path
        text = target.read_text(encoding="utf-8")
        self.assertIn(old, text)
        target.write_text(text.replace(old, new, 1), encoding="utf-8")

    def configure(self):
        """Exit status and what was said, in one line."""
        done = subprocess.run(
            ["cmake", "-G", "Ninja", "-S", self.root, "-B", self.root / "build", f"-DCMAKE_C_COMPILER={COMPILER}",
             "-DBUILD_TESTING=OFF"], capture_output=True, text=True)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def assert_refused(self, message):
        status, said = self.configure()
        self.assertNotEqual(status, 0)
        self.assertIn(message, said)

    def test_as_it_is(self):
        status, said = self.configure()
        self.assertEqual(status, 0, said)

    def test_layer(self):
        self.change("CMakeLists.txt", "policy/wire     LAYERS base", "policy/wire LAYERS base document")
        self.assert_refused("hufu_wire: layer wire may not link layer document")

    def test_library(self):
        self.change("CMakeLists.txt", "broker/common   LAYERS base LIBRARIES inih",
                    "broker/common LAYERS base LIBRARIES inih libcrypto")
        self.assert_refused("hufu_common: layer common may not link library libcrypto")

    def test_program(self):
        self.change("CMakeLists.txt", "hufu_program(hufu-authorized-keys LAYER client",
                    "hufu_program(hufu-authorized-keys LAYER client LAYERS common")
        self.assert_refused("hufu-authorized-keys: layer client may not link layer common")

    def test_around_the_functions(self):
        self.change("CMakeLists.txt", "\nhufu_check_all_edges()", "\ntarget_link_libraries(hufu_base PRIVATE m)\nhufu_check_all_edges()")
        self.assert_refused("hufu_base: links m outside of the layer table")

    def test_table_upwards(self):
        self.change("contrib/cmake/HufuLayers.cmake", "policy/document LAYERS base", "policy/document LAYERS base engine")
        self.assert_refused("document names engine, which no row above it defines")

    def test_second_door(self):
        self.change("contrib/cmake/HufuLayers.cmake", "broker/ctl      LAYERS", "broker/ctl LIBRARIES sqlite3 LAYERS")
        self.assert_refused("ctl would be a second door to sqlite3; the door is store")

    def test_layer_nobody_builds(self):
        self.change("contrib/cmake/HufuLayers.cmake", "# Only these headers", "hufu_row(extra broker/extra)\n# Only these headers")
        self.assert_refused("the table has a layer extra, but nothing builds it")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    COMPILER = sys.argv.pop(1)
    unittest.main()
