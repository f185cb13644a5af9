"""The demo's server: what it answers, to whom, and what it does with files that are no pictures of a face."""

import base64
import http.client
import io
import json
import socket

import numpy as np
import pytest
from PIL import ExifTags, Image
from scenes import encoded, scene
from toy_demo import Brightness, served

import fercourse as fc
from fercourse.classroom.demo import finding
from fercourse.classroom.demo import server as demo
from fercourse.classroom.demo.answering import NO_FACE
from fercourse.errors import ParameterError


def asked(server, method, path, body=None, **headers):
    """(status, headers, body) of one request; `Host=` and others replace what http.client would send."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), content


def read(server, data):
    """What the page gets to show for a file."""
    status, headers, content = asked(server, "POST", "/read", data)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    return json.loads(content)


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/demo.js", "text/javascript"), ("/demo.css", "text/css")]
)
def test_the_page_is_three_files_that_ask_for_nothing_from_elsewhere(server, path, kind):
    status, headers, content = asked(server, "GET", path)
    assert status == 200
    assert headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert b"http://" not in content
    assert b"https://" not in content
    assert "Python" not in headers["Server"]


def test_the_page_says_whose_face_what_the_law_is_and_that_nothing_is_kept(server):
    page = " ".join(asked(server, "GET", "/")[2].decode().split())
    for words in (
        "Your own face only</strong>, never a student's or a colleague's",
        "article 5(1)(f)",
        "Nothing is kept",
    ):
        assert words in page
    assert "<script>" not in page
    assert "style=" not in page


@pytest.mark.parametrize(
    "path",
    ["/../server.py", "/..%2fserver.py", "/demo.js/../server.py", "//etc/passwd", "/page/demo.html", "/demo.js?", "/x"],
)
def test_no_other_file_is_handed_out(server, path):
    status, _, content = asked(server, "GET", path)
    assert (status, json.loads(content)) == (404, {"error": "There is no such page."})
    assert asked(server, "POST", path, b"x")[0] == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_not_known(server, method):
    assert asked(server, method, "/")[0] == 501


def test_another_name_of_this_machine_is_refused(server):
    port = server.server_port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil:{port}",
        f"[::1]:{port}",
    ):
        for method, path in (("GET", "/"), ("GET", "/drawn"), ("POST", "/read")):
            status, _, content = asked(server, method, path, b"x" if method == "POST" else None, Host=host)
            assert status == 403
            assert b"alone" in content
    assert asked(server, "GET", "/", Host=f"localhost:{port}")[0] == 200


def test_a_foreign_page_is_refused(server):
    port = server.server_port
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{port + 1}", f"https://127.0.0.1:{port}"):
        assert asked(server, "POST", "/read", b"x", Origin=origin)[0] == 403
    assert asked(server, "POST", "/read", b"x", Origin=f"http://127.0.0.1:{port}")[0] == 200


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_more_than_eight_megabytes_are_refused_before_they_are_read(server):
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        head = f"POST /read HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode())  # and not a byte of the picture
        answer = connection.makefile("rb").read().decode()
    assert answer.split()[1] == "413"
    assert '"error": "Expected at most 8 MB."' in answer


@pytest.mark.parametrize("length", ["", "-1", "many", "1e3", "²"])
def test_without_a_length_nothing_is_read(server, length):
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        line = f"Content-Length: {length}\r\n" if length else ""
        connection.sendall(f"POST /read HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n{line}\r\n".encode())
        assert connection.makefile("rb").read().split()[1] == b"411"


def test_a_bare_face_is_taken_as_it_is(server, drawn):
    shown = read(server, encoded(Image.fromarray(drawn[0])))
    assert (shown["width"], shown["height"], shown["found"], shown["box"]) == (48, 48, 1, [0, 0, 48])
    assert shown["said"][-1] == "The picture has 48 × 48 pixels: it is taken as one face."
    picture = Image.open(io.BytesIO(base64.b64decode(shown["face"].removeprefix("data:image/png;base64,"))))
    assert np.array_equal(np.array(picture), drawn[0])
    logit = 10 * drawn[0].mean(dtype=float) / 255
    assert shown["chances"]["Happy"] == pytest.approx(np.exp(logit) / (np.exp(logit) + 6), abs=1e-3)
    assert list(shown["chances"]) == list(fc.EMOTIONS)
    assert sum(shown["chances"].values()) == pytest.approx(1, abs=1e-3)


def test_a_face_in_a_scene_is_found_where_it_is(server, drawn):
    shown = read(server, encoded(scene(drawn[2], side=200, left=200, top=120)))
    left, top, side = shown["box"]
    assert shown["found"] == 1
    assert abs(left - 200) < 40
    assert abs(top - 120) < 40
    assert 140 < side < 240


def test_of_several_faces_the_largest_is_taken_and_their_number_said(server, drawn):
    picture = scene(drawn[2], drawn[2], side=160, left=60, size=(1280, 960))
    picture.paste(scene(drawn[2], side=400, left=0, top=0, size=(400, 400)), (700, 500))
    shown = read(server, encoded(picture))
    assert shown["found"] == 3
    assert shown["said"][-1] == "3 faces were found; this is the largest."
    assert shown["box"][0] > 600
    assert shown["box"][2] > 280


def test_where_no_face_is_there_it_says_so(server):
    shown = read(server, encoded(Image.new("L", (300, 200), 128)))
    assert shown == {"width": 300, "height": 200, "found": 0, "said": [NO_FACE]}


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (47, 48)])
def test_pictures_of_odd_sizes_hold_no_face(server, size):
    assert read(server, encoded(Image.new("L", size, 128)))["found"] == 0


def photo_of(drawn):
    return scene(drawn[2], side=200, left=200, top=120)


def jpeg_turned(picture, orientation):
    """`picture` as a camera held otherwise writes it: other pixels, and a note on how to turn them."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    return encoded(picture.transpose(back[orientation]), "JPEG", quality=95, exif=exif)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_photo_is_turned_as_it_is_shown(server, drawn, orientation):
    shown, upright = read(server, jpeg_turned(photo_of(drawn), orientation)), read(server, encoded(photo_of(drawn)))
    assert (shown["width"], shown["height"]) == (640, 480)
    assert np.abs(np.array(shown["box"]) - upright["box"]).max() <= 12


def transparent(picture):
    """The face opaque, the wall round it not; its hidden pixels are black."""
    layer = Image.new("L", picture.size, 0)
    layer.paste(255, (200, 120, 400, 320))
    picture = picture.convert("RGBA")
    picture.putalpha(layer)
    return picture


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("GIF", lambda picture: encoded(picture.convert("L"), "GIF")),
        ("CMYK", lambda picture: encoded(picture.convert("CMYK"), "JPEG", quality=95)),
        ("grey JPEG", lambda picture: encoded(picture.convert("L"), "JPEG", quality=95)),
        ("WebP", lambda picture: encoded(picture, "WEBP")),
        ("transparent", lambda picture: encoded(transparent(picture))),
        ("large", lambda picture: encoded(picture.resize((2560, 1920)), "JPEG")),
    ],
)
def test_a_picture_of_another_kind_is_read(server, drawn, kind, made):
    shown = read(server, made(photo_of(drawn)))
    assert shown["found"] >= 1, kind
    left, top, side = np.array(shown["box"]) * 640 / shown["width"]
    assert abs(left + side / 2 - 300) < 30
    assert abs(top + side / 2 - 220) < 30


def sixteen_bits(picture):
    return encoded(Image.fromarray(np.array(picture.convert("L")).astype(np.uint16) * 257))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda picture: b"", "expected a picture that Pillow reads"),
        (lambda picture: b"Dear diary", "none of its formats"),
        (lambda picture: encoded(picture, "JPEG")[:9_000], "found another file or a damaged one"),
        (lambda picture: encoded(picture)[:9_000], "found another file or a damaged one"),
        (sixteen_bits, "expected 8 bits a channel"),
        (lambda picture: encoded(Image.new("1", (10_000, 9_000))), "expected at most 50 million pixels"),
        (lambda picture: b"%PDF-1.7 \x00\xff" * 50, "none of its formats"),
        (lambda picture: encoded(picture, "PPM"), "none of its formats"),
    ],
    ids=["empty", "text", "truncated JPEG", "truncated PNG", "16 bits", "too large", "PDF", "another format"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_file_that_is_no_picture_is_refused_in_words(server, drawn, made, said):
    shown = read(server, made(photo_of(drawn)))
    assert list(shown) == ["error"]
    assert said in shown["error"]
    assert shown["error"].startswith("This file: ")
    assert "/" not in shown["error"].replace("PNG, JPEG, BMP", "")


def test_a_drawn_face_comes_with_its_label(server):
    status, _, content = asked(server, "GET", "/drawn")
    assert status == 200
    face = json.loads(content)
    png = base64.b64decode(face["png"])
    with Image.open(io.BytesIO(png)) as picture:
        assert (picture.size, picture.mode) == ((48, 48), "L")
    assert face["label"] in fc.EMOTIONS
    assert read(server, png)["found"] == 1
    assert json.loads(asked(server, "GET", "/drawn")[2])["png"] != face["png"]


def test_a_port_that_is_taken_is_refused(server):
    with pytest.raises(ParameterError, match=f"port {server.server_port} of this machine cannot be used"):
        demo.Demo(Brightness(), server.server_port)
    with pytest.raises(ParameterError, match="port 70000"):
        demo.Demo(Brightness(), 70000)


def test_nothing_is_written_or_logged(tmp_path, monkeypatch, capfd, drawn):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with served(Brightness()) as server:
        read(server, encoded(photo_of(drawn)))
        read(server, b"Dear diary")
        asked(server, "GET", "/drawn")
        asked(server, "GET", "/nowhere")
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.sendall(b"POST /read HTTP/1.1\r\n")  # and is gone
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_faces_are_found_in_nine_of_ten_scenes(drawn):
    grey = [
        np.array(scene(face, side=side, left=180, top=90, seed=side).convert("L"))
        for face, side in zip(drawn, (120, 200, 280) * 4, strict=True)
    ]
    assert sum(len(finding.boxes_in(each)) == 1 for each in grey) >= 10


def test_opencv_5_is_refused_with_the_version_that_has_cascades(monkeypatch):
    import cv2

    finding._cascade.cache_clear()
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(ImportError, match='pip install "opencv-python-headless<5"'):
        finding._cascade()
