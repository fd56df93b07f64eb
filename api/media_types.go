package api

import (
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
)

const anyBytes = "application/octet-stream"

// typeOf says what a file is, by its first 512 bytes. What its sender says counts only where the bytes leave it open:
// among texts, among packed documents, and where they say nothing.
func typeOf(head []byte, said, name string) string {
	found, _, _ := strings.Cut(http.DetectContentType(head), ";")
	said, _, err := mime.ParseMediaType(said)
	if err != nil || !typePattern.MatchString(said) || len(said) > 100 {
		said = anyBytes
	}
	if said == anyBytes {
		said = byExtension[strings.ToLower(path.Ext(name))]
	}
	switch found {
	case "text/plain":
		if strings.HasPrefix(said, "text/") && said != "text/html" || slices.Contains(textual, said) {
			return said
		}
	case "application/zip":
		if strings.HasSuffix(said, "+zip") || strings.HasPrefix(said, "application/vnd.") || said == "application/java-archive" {
			return said
		}
	case anyBytes:
		if said != "" && !recognised(said) {
			return said
		}
	}
	return found
}

// textual are types of texts that do not say so.
var textual = []string{"application/json", "application/xml", "application/x-ndjson", "application/sql", "application/yaml", "message/rfc822", "image/svg+xml", "application/ics"}

// recognised are types whose files their first bytes give away: what says so and is not is something else.
func recognised(kind string) bool {
	switch kind {
	case "application/pdf", "application/postscript", "application/zip", "application/x-gzip", "application/gzip", "application/x-rar-compressed",
		"application/wasm", "text/html", "text/plain", "text/xml", "application/xml", "application/json":
		return true
	case "image/heic", "image/avif", "image/tiff", "audio/aac", "audio/flac", "video/quicktime", "video/x-msvideo":
		return false // http.DetectContentType does not know them
	}
	family, _, _ := strings.Cut(kind, "/")
	return slices.Contains([]string{"image", "audio", "video", "font"}, family)
}

// byExtension are the types of what people attach most and send without saying what it is. The tables of the machine
// are not asked: the same file is the same everywhere.
var byExtension = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".odp": "application/vnd.oasis.opendocument.presentation", ".csv": "text/csv", ".md": "text/markdown", ".ics": "text/calendar",
	".json": "application/json", ".eml": "message/rfc822", ".msg": "application/vnd.ms-outlook",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
}
