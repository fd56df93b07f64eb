package api

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

// A login that fails slows down the next ones, at this account from this address most. Nobody is ever locked out: who
// waits is let in, and a stranger's failures at an account delay its owner, who comes from elsewhere, by 2 s at most.
const longestLogin = 10 * time.Second // for a place in the row; then he is told when to come again

func brakes(login, address string) []Brake {
	login = strings.ToLower(login)
	network := networkOf(address)
	return []Brake{
		{Key: keyOf("both", login, network), Free: 3, Step: time.Second, Most: 30 * time.Second, Queued: true},
		{Key: keyOf("address", network), Free: 20, Step: time.Second, Most: 10 * time.Second, Queued: true},
		{Key: keyOf("account", login), Free: 10, Step: 250 * time.Millisecond, Most: 2 * time.Second},
	}
}

func keyOf(parts ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return sum[:]
}

// networkOf is an IPv4 address, or the /64 of which an IPv6 host has every address.
func networkOf(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// proven returns whose login it is, after his place in the row has come. An unknown login takes as long and says the same
// as a wrong password.
func (s *server) proven(c *gin.Context, login, password string) (Credentials, problem) {
	rows := brakes(login, c.ClientIP())
	if p := s.queued(c, rows); p.kind != "" {
		return Credentials{}, p
	}
	ctx, done := budget(c)
	defer done()
	ctx = noting(ctx, nil) // who changes his password proves himself first
	found, err := s.Identity.Credentials(ctx, login)
	if err != nil && ticket.CodeOf(err) != ticket.NotFound {
		return found, s.problemOf(c, err)
	}
	right, fresh, err := s.matches(ctx, password, found.Password)
	if err != nil {
		return found, s.problemOf(c, err)
	}
	keys := [][]byte{rows[0].Key, rows[2].Key}
	var refused *ticket.AuditEntry
	if !right {
		keys = append(keys, rows[1].Key)
		refused = s.entry(c, nobody, "session.refused", found.Agent, nil)
	}
	if err := s.Identity.AttemptEnded(noting(ctx, refused), keys, right, s.Now()); err != nil {
		return found, s.problemOf(c, err)
	}
	if !right {
		return found, s.unauthorized(c, "unauthorized_login")
	}
	if fresh != "" {
		if err := s.Identity.SetPassword(ctx, found.Agent, fresh); err != nil {
			return found, s.problemOf(c, err)
		}
	}
	return found, problem{}
}

// queued waits until the place in the row has come.
func (s *server) queued(c *gin.Context, rows []Brake) problem {
	ctx, done := budget(c)
	wait, err := s.Identity.Attempt(ctx, rows, s.Now(), longestLogin)
	done()
	if err != nil {
		return s.problemOf(c, err)
	}
	if wait > longestLogin {
		return tooMany(wait)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Request.Context().Done():
	}
	return problem{}
}

// passwordCost is what one password takes: 64 MiB (RFC 9106 §4, with less time for it).
var passwordCost = argon2id.Params{Memory: 64 << 10, Iterations: 1, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// hashing bounds the memory that passwords take at once.
var hashing = make(chan struct{}, 2)

// HashPassword returns "" for no password: such a person signs in by other means only.
func HashPassword(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-hashing }()
	return argon2id.CreateHash(password, &passwordCost)
}

// nobodysHash is compared with where there is no password, so that it takes as long.
var nobodysHash = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("nobody", &passwordCost) })

// matches reports whether it is the password of that hash, and a fresh hash where that is of an older cost.
func (s *server) matches(ctx context.Context, password, hash string) (right bool, fresh string, err error) {
	known := hash != ""
	if !known {
		if hash, err = nobodysHash(); err != nil {
			return false, "", err
		}
	}
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return false, "", ctx.Err()
	}
	right, params, err := argon2id.CheckHash(password, hash)
	<-hashing
	if err != nil || !right || !known {
		return false, "", err
	}
	if *params != passwordCost {
		fresh, err = HashPassword(ctx, password)
	}
	return true, fresh, err
}
