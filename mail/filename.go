package mail

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// SafeFileName makes a name that may be shown and offered for download: no path, no control or direction characters,
// no device name of Windows, at most 255 runes with the extension kept. It may be empty.
func SafeFileName(name string) string {
	name = norm.NFC.String(dropDirections(oneLine(name)))
	name = strings.ReplaceAll(name, `\`, "/")
	name = path.Base("/" + name)
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`<>:"|?*/`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " ")
	name = strings.TrimRight(strings.TrimLeft(name, "."), ". ")
	if strings.Trim(name, "_") == "" {
		return ""
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9":
		name = "_" + name
	}
	if runes := utf8.RuneCountInString(name); runes > 255 {
		ext := path.Ext(name)
		if utf8.RuneCountInString(ext) > 20 {
			ext = ""
		}
		name = capRunes(strings.TrimSuffix(name, ext), 255-utf8.RuneCountInString(ext)) + ext
	}
	return name
}

// nameFiles gives every attachment a safe name of its own.
func nameFiles(files []Attachment) {
	seen := map[string]int{}
	for i := range files {
		name := SafeFileName(files[i].Name)
		if name == "" {
			name = fmt.Sprintf("attachment-%d%s", i+1, typicalExt(files[i].Type))
		}
		key := strings.ToLower(name)
		seen[key]++
		if n := seen[key]; n > 1 {
			ext := path.Ext(name)
			name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
			seen[strings.ToLower(name)]++
		}
		files[i].Name = name
	}
}

// typicalExt is the usual one of a media type. The list is our own: that of the mime package depends on the machine.
func typicalExt(kind string) string {
	switch kind {
	case "text/plain", "text/rfc822-headers", "message/delivery-status", "message/feedback-report",
		"message/disposition-notification":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/csv":
		return ".csv"
	case "text/calendar":
		return ".ics"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "image/jpeg", "image/jpg", "image/pjpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "image/heic":
		return ".heic"
	case "application/pdf":
		return ".pdf"
	case "application/zip":
		return ".zip"
	case "application/json":
		return ".json"
	case "message/rfc822", "message/global":
		return ".eml"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return ".p7s"
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return ".p7m"
	case "application/pgp-signature":
		return ".asc"
	case "application/ms-tnef":
		return ".dat"
	}
	return ".bin"
}
