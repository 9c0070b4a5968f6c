"""Word files (.docx) of documents: written from what the PDF is made of, and read back.

writing      a document as a Word file, with its own content inside, which Word keeps and nobody sees
line         what a Word file says, paragraph by paragraph, as it was read out of it
outline      in which paragraphs each part of a content is written
recognised   paragraphs as parts of a text, by what they look like
meetings     the same of minutes and invitations
taking       a Word file as the parts of a document: what still reads as it was written is what it was, word for word;
             all else goes by what it looks like
"""
