"""The document store, and what Hausbote does with PDF files before they are sent."""
