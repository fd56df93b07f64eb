package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Headers of a signed request (Standard Webhooks, "Webhook headers").
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// Tolerance is how far the timestamp of a request may lie from now.
const Tolerance = 5 * time.Minute

const (
	secretPrefix  = "whsec_"
	secretBytes   = 32
	fewestBytes   = 24 // of a secret (Standard Webhooks, "Signature scheme")
	mostBytes     = 64
	signatureMark = "v1,"
)

// Why a request is not believed.
var (
	ErrHeaders   = errors.New("webhook-id, webhook-timestamp or webhook-signature is missing or malformed")
	ErrTime      = errors.New("webhook-timestamp is more than 5 minutes away from now")
	ErrSignature = errors.New("no signature fits: is the secret the right one, and the body unchanged byte by byte?")
	ErrSecret    = errors.New("a secret is whsec_ and 24 to 64 bytes in base64")
)

// NewSecret makes a secret, as it is shown once.
func NewSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return secretPrefix + base64.StdEncoding.EncodeToString(b[:])
}

func key(secret string) ([]byte, error) {
	text, ours := strings.CutPrefix(secret, secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ours || err != nil || len(raw) < fewestBytes || len(raw) > mostBytes {
		return nil, ErrSecret
	}
	return raw, nil
}

// Sign returns the header webhook-signature: one signature for each secret, so that both hold while they are changed.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	all := make([]string, len(secrets))
	for i, s := range secrets {
		raw, err := key(s)
		if err != nil {
			return "", err
		}
		all[i] = signatureMark + base64.StdEncoding.EncodeToString(digest(raw, id, strconv.FormatInt(at.Unix(), 10), body))
	}
	return strings.Join(all, " "), nil
}

func digest(key []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	_, _ = mac.Write(body) // a hash takes everything
	return mac.Sum(nil)
}

// Verify tells whether a request was signed with one of the secrets, not long ago. The body is as it came, byte by byte.
func Verify(secrets []string, id, timestamp, signatures string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || signatures == "" || err != nil || strings.Contains(id, ".") {
		return ErrHeaders
	}
	if away := now.Sub(time.Unix(seconds, 0)); away > Tolerance || away < -Tolerance {
		return ErrTime
	}
	fits := false
	for _, s := range secrets {
		raw, err := key(s)
		if err != nil {
			return err
		}
		want := digest(raw, id, timestamp, body)
		for _, one := range strings.Fields(signatures) {
			text, v1 := strings.CutPrefix(one, signatureMark)
			got, err := base64.StdEncoding.DecodeString(text)
			fits = fits || v1 && err == nil && hmac.Equal(want, got)
		}
	}
	if !fits {
		return ErrSignature
	}
	return nil
}
