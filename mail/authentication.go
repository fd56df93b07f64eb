package mail

import "strings"

// Auth is whether a From is authentic in the eyes of our own receiving host.
type Auth string

// The verdicts.
const (
	AuthPass Auth = "pass"
	AuthFail Auth = "fail"
	AuthNone Auth = "none" // our host said nothing, or none is named: nothing is known
)

// Authentication reads the Authentication-Results (RFC 8601) that the host named authserv-id added. Others are ignored:
// anybody can write them. With DMARC that verdict counts; without, an aligned SPF or DKIM pass.
func Authentication(m Message, authservID string) Auth {
	if authservID == "" || len(m.From) == 0 {
		return AuthNone
	}
	_, from, _ := strings.Cut(m.From[0].Addr, "@")
	verdict := AuthNone
	for _, raw := range m.Header.rawValues("Authentication-Results") {
		bare, _ := cutComments(raw)
		id, results, ok := strings.Cut(bare, ";")
		if !ok || !strings.EqualFold(firstWord(strings.TrimSpace(id)), authservID) {
			continue
		}
		for _, result := range strings.Split(results, ";") {
			switch v, final := readResult(strings.ToLower(result), from); {
			case final:
				return v
			case v == AuthPass:
				verdict = AuthPass
			case v == AuthFail && verdict == AuthNone:
				verdict = AuthFail
			}
		}
		return verdict // only the topmost of our host: below it anything may be forged
	}
	return verdict
}

// readResult reads one "method=result property=value …"; final says that it decides alone.
func readResult(result, from string) (v Auth, final bool) {
	fields := strings.Fields(result)
	if len(fields) == 0 {
		return AuthNone, false
	}
	method, value, _ := strings.Cut(fields[0], "=")
	method, _, _ = strings.Cut(method, "/")
	switch method {
	case "dmarc":
		switch value {
		case "pass", "bestguesspass":
			return AuthPass, true
		case "fail":
			return AuthFail, true
		}
	case "dkim", "spf":
		if value != "pass" {
			return AuthFail, false
		}
		for _, f := range fields[1:] {
			property, domain, _ := strings.Cut(f, "=")
			switch property {
			case "header.d", "header.i", "smtp.mailfrom", "smtp.helo":
				if at := strings.LastIndexByte(domain, '@'); at >= 0 {
					domain = domain[at+1:]
				}
				if aligned(strings.Trim(domain, `"`), from) {
					return AuthPass, false
				}
			}
		}
		return AuthFail, false
	}
	return AuthNone, false
}

// aligned accepts the same domain or one below the other with at least two labels in common. The public suffix list
// would be exact; for this purpose a parent that is a public suffix of two labels (co.jp) must be excluded.
func aligned(domain, from string) bool {
	if domain == from {
		return domain != ""
	}
	short, long := domain, from
	if len(short) > len(long) {
		short, long = long, short
	}
	if !strings.HasSuffix(long, "."+short) {
		return false
	}
	labels := strings.Split(short, ".")
	if len(labels) < 2 {
		return false
	}
	return len(labels) > 2 || len(labels[1]) > 2 || len(labels[0]) > 3
}
