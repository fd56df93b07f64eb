package mail

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cention-sany/utf7"
	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decodeBytes gives the text of some bytes: by the declared charset if that fits them, else by what they look like,
// with hint (the charset of the body, perhaps) tried before guessing.
func decodeBytes(b []byte, declared, hint string) string {
	if text, ok := decodeAs(b, declared); ok {
		return text
	}
	return detect(b, declared, hint)
}

// decodeRaw gives the text of a header without declared charset.
func decodeRaw(s, hint string) string {
	if isASCII(s) && !strings.Contains(s, "\x1b") {
		return s
	}
	return detect([]byte(s), "", hint)
}

// decodeAs decodes by one charset and says whether the bytes fit it. Bytes that are plainly UTF-8 or ISO-2022-JP do not
// fit a single-byte charset, which would accept anything.
func decodeAs(b []byte, label string) (string, bool) {
	label = cleanLabel(label)
	if isASCIIBytes(b) && !bytes.Contains(b, []byte("\x1b$")) && !widens(label) {
		return string(b), true
	}
	switch {
	case label == "", label == "us-ascii", label == "ascii", label == "unknown-8bit", label == "x-unknown":
		return "", false
	case isUTF8(label):
		return string(b), utf8.Valid(b)
	case looksISO2022JP(b) && !strings.HasPrefix(label, "iso-2022"):
		return "", false
	case looksUTF8(b):
		return "", false
	}
	return convert(b, label)
}

// convert decodes without second thoughts; ok is false for an unknown charset or bytes that are none of its.
func convert(b []byte, label string) (text string, ok bool) {
	switch {
	case strings.HasPrefix(label, "iso-2022-jp"), strings.HasPrefix(label, "cp5022"), label == "csiso2022jp", label == "jis":
		return decodeISO2022JP(b)
	case label == "iso-2022-kr", label == "csiso2022kr":
		b, label = unshiftKR(b), "euc-kr"
	}
	enc := charsetByLabel(label)
	if enc == nil {
		return "", false
	}
	return runDecoder(enc, b)
}

func runDecoder(enc encoding.Encoding, b []byte) (string, bool) {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	return string(out), !bytes.ContainsRune(out, utf8.RuneError)
}

// detect guesses. It always gives a text: at worst windows-1252.
func detect(b []byte, declared, hint string) string {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		if text, ok := convert(b, "utf-16"); ok {
			return text
		}
	}
	if looksISO2022JP(b) { // before UTF-8: its bytes are ASCII
		text, _ := convert(b, "iso-2022-jp")
		return text
	}
	if nearlyUTF8(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	for _, label := range append(neighbours(hint), guesses(b)...) {
		label = cleanLabel(label)
		if label == "" || isUTF8(label) || strings.HasPrefix(label, "iso-2022") {
			continue
		}
		if text, ok := convert(b, label); ok {
			return text
		}
	}
	if label := cleanLabel(declared); label != "" && charsetByLabel(label) != nil {
		text, _ := convert(b, label) // a few damaged characters in an honest charset
		if strings.Count(text, "\uFFFD")*20 <= utf8.RuneCountInString(text) {
			return text
		}
	}
	text, _ := convert(b, "windows-1252")
	return text
}

// neighbours are the charsets of undeclared bytes in a mail that uses the charset hint elsewhere: a Japanese mail that
// declares a 7-bit charset has its raw bytes in an 8-bit one. EUC-JP is tried first because bytes of Shift_JIS are
// rarely valid there, while the reverse gives half-width kana.
func neighbours(hint string) []string {
	hint = cleanLabel(hint)
	switch {
	case strings.HasPrefix(hint, "iso-2022-jp"), strings.HasPrefix(hint, "cp5022"):
		return []string{"euc-jp", "shift_jis"}
	case strings.HasPrefix(hint, "iso-2022-kr"):
		return []string{"euc-kr"}
	}
	return []string{hint}
}

// guesses asks the detector; below eight bytes it would only be dice.
func guesses(b []byte) []string {
	if len(b) < 8 {
		return nil
	}
	if len(b) > 16<<10 {
		b = b[:16<<10]
	}
	results, err := chardet.NewTextDetector().DetectAll(b)
	if err != nil {
		return nil
	}
	// The detector's order among equals differs from run to run; the same mail must read the same each time.
	slices.SortFunc(results, func(a, b chardet.Result) int {
		return cmp.Or(b.Confidence-a.Confidence, strings.Compare(a.Charset, b.Charset))
	})
	var labels []string
	for _, r := range results {
		if r.Confidence >= 10 {
			labels = append(labels, r.Charset)
		}
	}
	return labels
}

// charsetByLabel finds a decoder under the names that mail uses, which are more than the registries know.
func charsetByLabel(label string) encoding.Encoding {
	switch label {
	case "us-ascii", "ascii", "ansi_x3.4-1968", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "8859-1",
		"iso88591", "cp1252", "ansi", "windows-1252":
		return charmap.Windows1252
	case "gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "ms936", "gb18030", "euc-cn", "chinese", "csgb2312":
		return simplifiedchinese.GB18030
	case "ks_c_5601-1987", "ks_c_5601-1989", "ksc5601", "ksc_5601", "euc-kr", "cp949", "ms949", "uhc", "x-windows-949",
		"windows-949", "korean":
		return korean.EUCKR
	case "iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-2004", "iso-2022-jp-ms",
		"cp50220", "cp50221", "cp50222", "csiso2022jp", "jis":
		return japanese.ISO2022JP
	case "shift_jis", "shift-jis", "shiftjis", "sjis", "x-sjis", "cp932", "ms932", "windows-31j", "ms_kanji",
		"cswindows31j", "sjis-win", "shift_jis-2004":
		return japanese.ShiftJIS
	case "euc-jp", "eucjp", "x-euc-jp", "ujis", "eucjp-ms", "eucjp-win", "cp51932":
		return japanese.EUCJP
	case "big5", "big-5", "big5-hkscs", "cp950", "x-big5", "csbig5":
		return traditionalchinese.Big5
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "unicode-2-0-utf-7":
		return utf7.UTF7
	case "utf-16", "utf16", "ucs-2", "iso-10646-ucs-2", "unicode":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-32", "utf32", "ucs-4":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	}
	if enc, err := htmlindex.Get(label); err == nil && enc != encoding.Replacement {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil {
		return enc
	}
	if strings.HasPrefix(label, "cp") {
		return charsetByLabel("windows-" + label[2:])
	}
	return nil
}

// cleanLabel mends labels such as "charset=utf-8", 'utf-8' and "utf-8;".
func cleanLabel(label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	label = strings.TrimPrefix(label, "charset=")
	return strings.Trim(label, "\"' \t;,<>")
}

func isUTF8(label string) bool {
	switch label {
	case "utf-8", "utf8", "utf8mb4", "unicode-1-1-utf-8", "cp65001", "x-utf-8", "unicode-2-0-utf-8", "utf-8-sig":
		return true
	}
	return false
}

// widens says whether the charset gives other characters to ASCII bytes.
func widens(label string) bool {
	switch label {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "unicode-2-0-utf-7", "hz-gb-2312",
		"utf-16", "utf-16le", "utf-16be", "utf-32", "iso-2022-kr", "csiso2022kr":
		return true
	}
	return false
}

// looksUTF8 says whether b is UTF-8 with characters beyond ASCII; other charsets form such sequences by accident only
// in very short texts.
func looksUTF8(b []byte) bool { return !isASCIIBytes(b) && utf8.Valid(b) }

// nearlyUTF8 also accepts a few damaged characters: a cut at the end, a stray byte.
func nearlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		b = b[size:]
	}
	return bad == 0 || good >= 4*bad
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isASCIIBytes(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
