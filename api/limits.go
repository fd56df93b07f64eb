package api

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// Rate is how many requests may come: so many each second, and so many at once after some quiet. 0: as many as come.
type Rate struct {
	PerSecond float64
	Burst     int
}

// buckets are one measure per caller, in this process.
type buckets struct {
	name string
	rate Rate
	mu   sync.Mutex
	all  map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

const (
	bucketsSwept = 10_000           // callers from which on those who are quiet are forgotten
	bucketQuiet  = 10 * time.Minute // by then any bucket is full again
)

func newBuckets(name string, r Rate) *buckets {
	return &buckets{name: name, rate: r, all: map[string]*bucket{}}
}

func (b *buckets) of(key string, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.all[key]
	if !ok {
		if len(b.all) >= bucketsSwept {
			for k, old := range b.all {
				if now.Sub(old.used) > bucketQuiet {
					delete(b.all, k)
				}
			}
		}
		one = &bucket{Limiter: rate.NewLimiter(rate.Limit(b.rate.PerSecond), b.rate.Burst)}
		b.all[key] = one
	}
	one.used = now
	return one.Limiter
}

// take takes one request from the caller's measure; the problem says when to come again. The headers tell how much is
// left (draft-ietf-httpapi-ratelimit-headers-10).
func (b *buckets) take(c *gin.Context, key string) problem {
	if b.rate.PerSecond <= 0 {
		return problem{}
	}
	now := time.Now()
	limiter := b.of(key, now)
	ok := limiter.AllowN(now, 1)
	left := max(0, limiter.TokensAt(now))
	whole := math.Ceil(float64(b.rate.Burst) / b.rate.PerSecond)
	c.Header("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%.0f", b.name, b.rate.Burst, max(1, whole)))
	c.Header("RateLimit", fmt.Sprintf("%q;r=%d;t=%.0f", b.name, int(left), math.Ceil((float64(b.rate.Burst)-left)/b.rate.PerSecond)))
	if ok {
		return problem{}
	}
	return tooMany(max(time.Millisecond, time.Duration((1-left)/b.rate.PerSecond*float64(time.Second))))
}

// empty reports whether nothing is left, without taking anything.
func (b *buckets) empty(key string) bool {
	now := time.Now()
	return b.rate.PerSecond > 0 && b.of(key, now).TokensAt(now) < 1
}

// measured holds who was let in to the measure of his token or session, and who was not to that of his address.
func (s *server) measured(c *gin.Context, who asker) problem {
	switch {
	case who.token != "":
		return s.perToken.take(c, "token "+who.token)
	case who.session.ID != "":
		return s.perToken.take(c, "session "+who.session.ID)
	case who.id() != "":
		return s.perToken.take(c, "bootstrap")
	}
	return s.perAddress.take(c, networkOf(c.ClientIP()))
}
