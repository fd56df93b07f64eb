package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind says what an outgoing mail is; it is part of its Message-ID.
type Kind string

// The kinds of outgoing mail.
const (
	KindReply  Kind = "reply"  // a person's answer to the client
	KindAck    Kind = "ack"    // acknowledgement of receipt
	KindNotice Kind = "notice" // other automatic mail to the client: closed, feedback, follow-up opened
	KindAgent  Kind = "agent"  // notification to staff
)

// Key is one secret for signing ids and addresses.
type Key struct {
	// ID names the key in what it signed: one to four of a-z, 2-7.
	ID string
	// Secret has at least 16 bytes.
	Secret []byte
}

// Keys sign and verify; the first one signs, all of them verify, so keys can be rotated while old mails are answered.
type Keys []Key

var keyID = regexp.MustCompile(`^[a-z2-7]{1,4}$`)

// Validate says what is wrong with the keys.
func (k Keys) Validate() error {
	if len(k) == 0 {
		return errors.New("no mail signing key")
	}
	for _, key := range k {
		if !keyID.MatchString(key.ID) {
			return fmt.Errorf("mail signing key id %q: use one to four of a-z and 2-7", key.ID)
		}
		if len(key.Secret) < 16 {
			return fmt.Errorf("mail signing key %q: the secret needs at least 16 bytes", key.ID)
		}
	}
	return nil
}

// KeyFromSecret derives the mail signing key from the program's secret key, so that one setting is enough. Different
// secrets get different ids.
func KeyFromSecret(secret []byte) Key {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("duradesk mail key"))
	sum := mac.Sum(nil)
	return Key{ID: base32Lower.EncodeToString(sum[:2])[:3], Secret: sum[2:]}
}

// base32Lower survives relays that fold case.
var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// macBytes is the length of a signature: 80 bits, 16 characters.
const macBytes = 10

// sign gives key id and signature over a purpose and some strings.
func (k Keys) sign(purpose string, parts ...string) string {
	return k[0].ID + "-" + k[0].mac(purpose, parts)
}

// verify checks a signature in constant time against the keys of the id that it names.
func (k Keys) verify(signature, purpose string, parts ...string) bool {
	id, mac, ok := strings.Cut(signature, "-")
	if !ok {
		return false
	}
	for _, key := range k {
		// Two keys may have the same id: each is tried.
		if key.ID == id && hmac.Equal([]byte(mac), []byte(key.mac(purpose, parts))) {
			return true
		}
	}
	return false
}

func (k Key) mac(purpose string, parts []string) string {
	h := hmac.New(sha256.New, k.Secret)
	fmt.Fprintf(h, "duradesk %s", purpose)
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d:%s", len(p), p)
	}
	return base32Lower.EncodeToString(h.Sum(nil)[:macBytes])
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// MessageID makes the Message-ID of an outgoing mail: <t.uuid.kind.signature@domain>, angle brackets included. uuid is
// that of the stored message; the same arguments give the same id, on every retry. It is empty if uuid is none.
func (k Keys) MessageID(kind Kind, uuid, domain string) string {
	uuid, domain = strings.ToLower(uuid), strings.ToLower(domain)
	if !uuidForm.MatchString(uuid) || domain == "" {
		return ""
	}
	return fmt.Sprintf("<t.%s.%s.%s@%s>", uuid, kind, k.sign("message-id", uuid, string(kind), domain), domain)
}

// OwnID is what a Message-ID of ours says.
type OwnID struct {
	UUID string
	Kind Kind
}

// VerifyMessageID reads a Message-ID, with or without angle brackets and in any case. ok is true only for one that we
// signed.
func (k Keys) VerifyMessageID(id string) (own OwnID, ok bool) {
	id = strings.ToLower(strings.Trim(id, "<> \t"))
	local, domain, found := strings.Cut(id, "@")
	fields := strings.Split(local, ".")
	if !found || len(fields) != 4 || fields[0] != "t" || !uuidForm.MatchString(fields[1]) {
		return OwnID{}, false
	}
	if !k.verify(fields[3], "message-id", fields[1], fields[2], domain) {
		return OwnID{}, false
	}
	return OwnID{UUID: fields[1], Kind: Kind(fields[2])}, true
}

var tokenForm = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// ReplyAddress puts a signed ticket token behind the mailbox's local part: support+r.token.signature@domain. A token
// has 1 to 32 of a-z and 0-9. It is empty if token or mailbox do not allow it (a local part has at most 64 bytes,
// RFC 5321 §4.5.3.1.1): then the plain address is to be used.
func (k Keys) ReplyAddress(mailbox, token string) string {
	return k.subAddress(mailbox, "r", token)
}

// VerifyReplyAddress gives the ticket token of a reply address that we signed.
func (k Keys) VerifyReplyAddress(address string) (token string, ok bool) {
	return k.verifySubAddress(address, "r")
}

// BounceAddress is the envelope sender of an outgoing mail: support+b.id.signature@domain. A bounce to it names the
// mail it speaks of. uuid is that of the stored message.
func (k Keys) BounceAddress(mailbox, uuid string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.ToLower(uuid), "-", ""))
	if err != nil || len(raw) != 16 {
		return ""
	}
	return k.subAddress(mailbox, "b", base32Lower.EncodeToString(raw))
}

// VerifyBounceAddress gives the uuid of the message whose bounce address this is, if we signed it.
func (k Keys) VerifyBounceAddress(address string) (uuid string, ok bool) {
	token, ok := k.verifySubAddress(address, "b")
	if !ok {
		return "", false
	}
	raw, err := base32Lower.DecodeString(token)
	if err != nil || len(raw) != 16 {
		return "", false
	}
	s := hex.EncodeToString(raw)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}

func (k Keys) subAddress(mailbox, letter, token string) string {
	local, domain, ok := strings.Cut(mailbox, "@")
	if !ok || !tokenForm.MatchString(token) || strings.Contains(local, "+") {
		return ""
	}
	tagged := fmt.Sprintf("%s+%s.%s.%s", local, letter, token, k.sign("address-"+letter, token))
	if len(tagged) > 64 {
		return ""
	}
	return tagged + "@" + domain
}

func (k Keys) verifySubAddress(address, letter string) (string, bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, tag, ok := strings.Cut(local, "+")
	if !ok {
		return "", false
	}
	fields := strings.Split(tag, ".")
	if len(fields) != 3 || fields[0] != letter || !tokenForm.MatchString(fields[1]) {
		return "", false
	}
	return fields[1], k.verify(fields[2], "address-"+letter, fields[1])
}

// Stem removes the sub-address of an address: support+anything@domain is support@domain.
func Stem(address string) string {
	local, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return strings.ToLower(address)
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// RatingToken lets whoever has it rate one ticket until the end of a day. It stands in a link of a mail.
func (k Keys) RatingToken(number int64, until time.Time) string {
	ticket, day := strconv.FormatInt(number, 10), strconv.FormatInt(until.Unix()/secondsADay, 10)
	return ticket + "." + day + "." + k.sign("rating", ticket, day)
}

const secondsADay = 24 * 60 * 60

// VerifyRatingToken gives the ticket of a rating token that we signed and that has not expired.
func (k Keys) VerifyRatingToken(token string, now time.Time) (number int64, ok bool) {
	fields := strings.Split(token, ".")
	if len(fields) != 3 || !k.verify(fields[2], "rating", fields[0], fields[1]) {
		return 0, false
	}
	number, err := strconv.ParseInt(fields[0], 10, 64)
	day, dayErr := strconv.ParseInt(fields[1], 10, 64)
	return number, err == nil && dayErr == nil && now.Unix()/secondsADay <= day
}
