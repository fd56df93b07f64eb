package postgres

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

const hidden = "[secret]"

// Sealer keeps secrets at rest: AES-256-GCM under keys derived by HKDF-SHA-256 from the desk's secret key
// (DURADESK_SECRET_KEY), which itself is not kept.
type Sealer struct {
	id   [keyIDSize]byte // tells which key sealed something, and nothing about the key
	aead cipher.AEAD
	root []byte
	// former open what they sealed, and seal nothing.
	former []*Sealer
}

const (
	sealVersion   = 1
	keyIDSize     = 4
	shortestKey   = 32
	derivedLength = 32
)

// NewSealer makes a sealer from the desk's secret key: any text of at least 32 characters. Former keys open what they
// sealed, while the key is being changed (Store.Reseal).
func NewSealer(secret string, former ...string) (*Sealer, error) {
	s, err := newSealer(secret)
	if err != nil {
		return nil, err
	}
	for i, other := range former {
		f, err := newSealer(other)
		if err != nil {
			return nil, fmt.Errorf("former key %d: %w", i+1, err)
		}
		s.former = append(s.former, f)
	}
	return s, nil
}

func newSealer(secret string) (*Sealer, error) {
	if len(secret) < shortestKey {
		return nil, fmt.Errorf("the secret key has %d characters and needs at least %d: make one with `openssl rand -base64 32`", len(secret), shortestKey)
	}
	root, err := hkdf.Extract(sha256.New, []byte(secret), []byte("duradesk"))
	if err != nil {
		return nil, fmt.Errorf("derive from the secret key: %w", err)
	}
	s := &Sealer{root: root}
	copy(s.id[:], s.Key("key id"))
	block, err := aes.NewCipher(s.Key("seal"))
	if err != nil {
		return nil, fmt.Errorf("derive from the secret key: %w", err)
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("derive from the secret key: %w", err)
	}
	return s, nil
}

// Key derives 32 bytes for a purpose: the same for the same secret key and purpose, unrelated to all others.
func (s *Sealer) Key(purpose string) []byte {
	key, err := hkdf.Expand(sha256.New, s.root, "duradesk/"+purpose, derivedLength)
	if err != nil {
		panic(err) // only lengths above 255 hashes fail
	}
	return key
}

// Keys derives one key for a purpose from each secret key: the first one signs, all of them verify.
func (s *Sealer) Keys(purpose string) [][]byte {
	keys := [][]byte{s.Key(purpose)}
	for _, f := range s.former {
		keys = append(keys, f.Key(purpose))
	}
	return keys
}

// KeyID names the secret key without telling it.
func (s *Sealer) KeyID() string { return hex.EncodeToString(s.id[:]) }

// Seal encrypts plain. What was sealed for one context (such as a mailbox's id) does not open for another.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	if s == nil {
		return nil, errNoSealer
	}
	out := append([]byte{sealVersion}, s.id[:]...)
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	out = append(out, nonce...)
	return s.aead.Seal(out, nonce, plain, []byte(context)), nil
}

// Open decrypts what Seal made. It says so where another secret key had sealed it.
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	if s == nil {
		return nil, errNoSealer
	}
	head := 1 + keyIDSize + s.aead.NonceSize()
	if len(sealed) < head+s.aead.Overhead() || sealed[0] != sealVersion {
		return nil, errors.New("a stored secret is damaged or was sealed by a newer duradesk: enter it again")
	}
	if id := [keyIDSize]byte(sealed[1 : 1+keyIDSize]); id != s.id {
		for _, f := range s.former {
			if id == f.id {
				return f.Open(sealed, context)
			}
		}
		return nil, fmt.Errorf("a stored secret was sealed with another secret key (%x, this one is %s): set the secret key that it was sealed with, or enter it again", id, s.KeyID())
	}
	plain, err := s.aead.Open(nil, sealed[1+keyIDSize:head], sealed[head:], []byte(context))
	if err != nil {
		return nil, errors.New("a stored secret is damaged or belongs to something else: enter it again")
	}
	return plain, nil
}

var errNoSealer = errors.New("there is no secret key to seal or open secrets with: set DURADESK_SECRET_KEY")

func (s *Sealer) String() string             { return hidden }
func (s *Sealer) GoString() string           { return hidden }
func (s *Sealer) LogValue() slog.Value       { return slog.StringValue(hidden) }
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }
