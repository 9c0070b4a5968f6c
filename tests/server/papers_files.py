"""Papers as people bring them: PDFs by typst, office files put together by hand."""

import io
import zipfile

import typst
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text a page."""
    text = "\n#pagebreak()\n".join(f"#text(size: 30pt)[{page}]" for page in pages)
    made = typst.compile(text.encode())
    assert isinstance(made, bytes)
    return made


def with_annotation(data: bytes, **said: str) -> bytes:
    """A PDF with an annotation on its first page; what begins with "/" is a name, anything else a text."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    values = {"Type": "/Annot", "Subtype": "/Text", **said}
    made = generic.DictionaryObject(
        {
            generic.pdf_name(f"/{key}"): generic.pdf_name(text) if text.startswith("/") else generic.pdf_string(text)
            for key, text in values.items()
        }
    )
    made[generic.pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 20)))
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(made)])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_file(data: bytes, name: str, content: bytes) -> bytes:
    """A PDF with a file in it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    embedded = EmbeddedFileObject.from_file_data(writer, content)
    embed_file(writer, FileSpec(file_spec_string="x", file_name=name, embedded_data=embedded))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx(*paragraphs: str, picture: str | None = None) -> bytes:
    """A document for LibreOffice, with a picture that is elsewhere: at the address `picture`."""
    drawn = f"""<w:p><w:r><w:drawing><wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing">
      <wp:extent cx="1000000" cy="1000000"/><wp:docPr id="1" name="x"/>
      <a:graphic xmlns:a="{_DRAWING}/main"><a:graphicData uri="{_DRAWING}/picture">
      <pic:pic xmlns:pic="{_DRAWING}/picture"><pic:nvPicPr><pic:cNvPr id="1" name="x"/><pic:cNvPicPr/></pic:nvPicPr>
      <pic:blipFill><a:blip xmlns:r="{_RELATIONS}" r:link="picture"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>
      <pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1000000" cy="1000000"/></a:xfrm>
      <a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>
      </wp:inline></w:drawing></w:r></w:p>"""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs) + (drawn if picture else "")
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    linked = f'<Relationship Id="picture" Type="{_RELATIONS}/image" Target="{picture}" TargetMode="External"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{linked if picture else ''}</Relationships>",
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    return _zipped({name: f'<?xml version="1.0" encoding="UTF-8"?>{text}' for name, text in parts.items()})


def odp(title: str) -> bytes:
    """A presentation of one slide."""
    names = {
        part: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
        for part, name in (("office", "office"), ("draw", "drawing"), ("text", "text"), ("manifest", "manifest"))
    }
    content = (
        f'<office:document-content xmlns:office="{names["office"]}" xmlns:draw="{names["draw"]}" '
        f'xmlns:text="{names["text"]}" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">'
        '<office:body><office:presentation><draw:page draw:name="p1"><draw:frame svg:width="20cm" svg:height="3cm" '
        f'svg:x="2cm" svg:y="2cm"><draw:text-box><text:p>{title}</text:p></draw:text-box></draw:frame></draw:page>'
        "</office:presentation></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.presentation"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{names["manifest"]}">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return _zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def _zipped(parts: dict[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return whole.getvalue()
