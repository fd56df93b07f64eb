package world

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// errAddress says that a text cannot name a mailbox.
var errAddress = errors.New("not a mail address")

// maxAddress is more than RFC 5321 §4.5.3.1.3 asks for (256 octets): UTF-8 local parts of sub-addresses are long.
const maxAddress = 1000

// canonical returns the address as the world compares it: lower case, NFC, the domain in Unicode form. It errs with
// errAddress for what cannot be an address.
func canonical(address string) (string, error) {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 || len(address) > maxAddress || !utf8.ValidString(address) {
		return "", errAddress
	}
	if strings.ContainsFunc(address, unicode.IsControl) || strings.ContainsFunc(address[at:], unicode.IsSpace) {
		return "", errAddress
	}
	domain := strings.TrimSuffix(strings.ToLower(address[at+1:]), ".")
	if decoded, err := idna.Lookup.ToUnicode(domain); err == nil {
		domain = decoded
	}
	if domain == "" {
		return "", errAddress
	}
	return norm.NFC.String(strings.ToLower(address[:at]) + "@" + domain), nil
}

// stem returns the canonical address without its sub-address: support+x@desk.example becomes support@desk.example.
func stem(address string) (string, error) {
	full, err := canonical(address)
	if err != nil {
		return "", err
	}
	at := strings.LastIndexByte(full, '@')
	if plus := strings.IndexByte(full[:at], '+'); plus > 0 {
		return full[:plus] + full[at:], nil
	}
	return full, nil
}

// headerForm writes an address for a header field, quoting the local part where RFC 5322 §3.4.1 asks for it.
func headerForm(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local := address[:at]
	if isDotAtom(local) {
		return address
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local)
	return `"` + quoted + `"` + address[at:]
}

func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !isAlphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// maxFileName leaves room below the 255 bytes that file systems allow.
const maxFileName = 150

// fileName makes a safe file name of any text. Different texts give different names, none of them starts with a dot
// or holds a separator; the text itself is kept beside it in a JSON file.
func fileName(text string) string {
	var name strings.Builder
	for i := range len(text) {
		c := text[i]
		if isAlphanumeric(rune(c)) || strings.IndexByte("@_-+", c) >= 0 || c == '.' && i > 0 {
			name.WriteByte(c)
		} else {
			fmt.Fprintf(&name, "%%%02X", c)
		}
	}
	if name.Len() <= maxFileName {
		return name.String()
	}
	sum := sha256.Sum256([]byte(text))
	return name.String()[:maxFileName-40] + "~" + hex.EncodeToString(sum[:16])
}
