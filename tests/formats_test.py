"""`gibsey ingest` of each book format, then the line and its page over the wire; refusals with exit status and sentence."""
import io
import pathlib
import shutil
import tempfile
import time
import unittest
import urllib.parse
import zipfile

import harness

LINE = "The keeper of the lighthouse had a brass parrot named Ignatius"
FILLER = "On such nights the sea was calm and the lamp burned low until the morning came."
CHAPTERS = [("CHAPTER I", [FILLER, FILLER.replace("sea", "bay")]), ("CHAPTER II", [LINE + ".", FILLER.replace("lamp", "fire")])]


def zip_of(entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return packed.getvalue()


def html():
    return ("<!DOCTYPE html><html><head><title>Parrots</title></head><body>" +
            "".join(f"<h2>{name}</h2>" + "".join(f"<p>{text}</p>" for text in texts) for name, texts in CHAPTERS) + "</body></html>").encode()


def epub(**more):
    parts = {f"c{n}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>'
             f'<span epub:type="pagebreak" title="{n + 41}"/><h1>{name}</h1>' + "".join(f"<p>{text}</p>" for text in texts) + "</body></html>"
             for n, (name, texts) in enumerate(CHAPTERS)}
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in parts)
    spine = "".join(f'<itemref idref="{name}"/>' for name in parts)
    return zip_of({"mimetype": "application/epub+zip",
                   "META-INF/container.xml": '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
                   "book.opf": f'<package><metadata><title>Parrots</title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>',
                   **parts, **more})


def docx():
    body = "".join(f'<w:p><w:pPr><w:pStyle w:val="H"/></w:pPr><w:r><w:t>{name}</w:t></w:r></w:p>' +
                   "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts) for name, texts in CHAPTERS)
    return zip_of({"word/document.xml": f'<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>',
                   "word/styles.xml": '<w:styles xmlns:w="w"><w:style w:styleId="H"><w:name w:val="heading 1"/></w:style></w:styles>'})


def pdf():
    """A page a chapter, its printed number at the foot; no outline, no compression."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    pages = [(name, texts) for name, texts in CHAPTERS] + [("CHAPTER III", [FILLER])]
    kids = []
    for number, (name, texts) in enumerate(pages):
        lines = [name, "", *texts, "", "", str(number + 41)]
        stream = "BT /F1 11 Tf 14 TL 72 720 Td\n" + "".join(f"({line}) Tj T*\n" for line in lines) + "ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n").encode()


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(harness.scripted("Hello."))
        cls.folder = tempfile.TemporaryDirectory(prefix="gibsey-formats-")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.folder.cleanup()

    def write(self, name, content):
        path = pathlib.Path(self.folder.name) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def worlds(self):
        return [world["name"] for world in self.server.get_json("/health")["worlds"]]

    def check_book(self, world, path, label):
        done = self.server.command("ingest", "--world", world, path)
        self.assertEqual(done.returncode, 0, done.stderr)
        deadline = time.monotonic() + 60
        while world not in self.worlds() and time.monotonic() < deadline:
            time.sleep(0.2)
        hits = self.server.get_json(f"/retrieve?world={world}&q=" + urllib.parse.quote(LINE))
        self.assertIn("Ignatius", hits[0]["quote"])
        self.assertEqual(hits[0]["label"], label)
        page = self.server.get_json(f"/pages/{hits[0]['page_id']}?world={world}")
        self.assertEqual(page["chapter"], "CHAPTER II")
        self.assertTrue(page["text"].startswith(LINE), page["text"])

    def test_html(self):
        self.check_book("by-html", self.write("book.html", html()), "2")

    def test_epub_with_printed_pages(self):
        self.check_book("by-epub", self.write("book.epub", epub()), "42")

    def test_docx(self):
        self.check_book("by-docx", self.write("book.docx", docx()), "2")

    @unittest.skipUnless(shutil.which("pdftotext"), "left out: pdftotext is not installed (poppler-utils)")
    def test_pdf_with_printed_pages(self):
        self.check_book("by-pdf", self.write("book.pdf", pdf()), "42")

    def test_the_ending_may_lie(self):
        self.check_book("by-content", self.write("book.txt", epub()), "42")

    def test_refusals(self):
        bomb = zip_of({"META-INF/container.xml": " " * (12 << 20)})
        locked = epub(**{"META-INF/encryption.xml": '<encryption><EncryptedData><EncryptionMethod Algorithm="aes"/></EncryptedData></encryption>'})
        for name, content, status, words in (("bomb.epub", bomb, 1, "200 times its size"),
                                             ("cut.epub", epub()[:-30], 2, "cut off or damaged"),
                                             ("out.epub", epub(**{"../../out.xhtml": "x"}), 2, "leads out of the archive"),
                                             ("drm.epub", locked, 2, "copy-protected (DRM)"),
                                             ("other.zip", zip_of({"novel.txt": LINE}), 2, "unpack it"),
                                             ("old.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 2, "save it as DOCX"),
                                             ("book.xyz", b"what", 2, "TXT, Markdown (.md), JSONL, HTML, EPUB, DOCX or PDF")):
            path = self.write(name, content)
            done = self.server.command("ingest", "--world", "refused", path)
            self.assertEqual(done.returncode, status, f"{name}: {done.stderr}")
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith("gibsey: " + path), done.stderr)
        time.sleep(1)
        self.assertNotIn("refused", self.worlds())

    def test_without_pdftotext(self):
        done = self.server.command("ingest", "--world", "refused", self.write("lone.pdf", pdf()), environment={"PATH": self.folder.name})
        self.assertEqual(done.returncode, 1)
        self.assertIn("install poppler-utils", done.stderr)

    def test_the_help_names_the_formats(self):
        done = self.server.command("ingest", "--help")
        for form in ("TXT", "Markdown", "JSONL", "HTML", "EPUB", "DOCX", "PDF"):
            self.assertIn(form, done.stdout)


if __name__ == "__main__":
    unittest.main()
