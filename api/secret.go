package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A secret is a prefix that says what it is for + 32 random bytes in base32 + 7 characters of checksum, by which a mistyped one is known
// without a look at the store, and a leaked one by scanners. Only its SHA-256 is kept.
const (
	tokenPrefix   = "desk_pat_" // an API token
	sessionPrefix = "desk_ses_" // what a session's cookie holds
	linkPrefix    = "desk_otl_" // what a one-time link ends in
	tokenRandom   = 52          // characters of 32 bytes
	tokenChecksum = 7           // characters of 4 bytes
)

var tokenDigits = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSecret makes one and what is kept of it.
func newSecret(prefix string) (token string, hash []byte) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		panic("no randomness: " + err.Error()) // crypto/rand never returns one
	}
	body := prefix + tokenDigits.EncodeToString(random)
	token = body + checksum(body)
	return token, hashOf(token)
}

func checksum(body string) string {
	return tokenDigits.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// wellFormed reports whether it can be one of ours at all.
func wellFormed(prefix, token string) bool {
	if len(token) != len(prefix)+tokenRandom+tokenChecksum || !strings.HasPrefix(token, prefix) {
		return false
	}
	at := len(token) - tokenChecksum
	return checksum(token[:at]) == token[at:]
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
