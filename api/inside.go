package api

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

// keyInside marks a request that the console asks inside the process for a person's request, which has its own line in
// the log. Its value is what is known for as long as that request lasts.
type keyInside struct{}

// known is what was read for one request of a person: a page asks a dozen operations at once, and each would look up
// anew who asks, and most the same ticket. Whatever is changed in the meantime makes all of it forgotten.
type known struct {
	mu      sync.Mutex
	who     *once[identified]
	tickets map[ticket.Number]*once[ticket.Record]
}

// identified is who asks, or why that is nobody's to know.
type identified struct {
	who     asker
	problem problem
}

// once is one thing that is read by the first who needs it; others wait for him.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

func (o *once[T]) get(read func() (T, error)) (T, error) {
	o.Do(func() { o.value, o.err = read() })
	return o.value, o.err
}

// inside answers what the console asks. What changes something is not answered from what was read before it, nor is
// anything after it.
func (s *server) inside(operations http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(keyInside{}) == nil {
			r = r.WithContext(context.WithValue(r.Context(), keyInside{}, &known{}))
		}
		if r.Method == http.MethodGet {
			operations.ServeHTTP(w, r)
			return
		}
		k := knownIn(r.Context())
		k.forget()
		defer k.forget()
		operations.ServeHTTP(w, r)
	})
}

// begun lets everything that is asked for this request share what is read for it.
func begun(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), keyInside{}, &known{}))
}

// knownIn is nil where somebody asks from outside.
func knownIn(ctx context.Context) *known {
	k, _ := ctx.Value(keyInside{}).(*known)
	return k
}

func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.who, k.tickets = nil, nil
}

func (k *known) asking() *once[identified] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.who == nil {
		k.who = &once[identified]{}
	}
	return k.who
}

func (k *known) reading(n ticket.Number) *once[ticket.Record] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tickets == nil {
		k.tickets = map[ticket.Number]*once[ticket.Record]{}
	}
	if k.tickets[n] == nil {
		k.tickets[n] = &once[ticket.Record]{}
	}
	return k.tickets[n]
}

// identify tells who asks, once for all that one page asks for.
func (s *server) identify(c *gin.Context) (asker, problem) {
	k := knownIn(c.Request.Context())
	if k == nil || c.Request.Method != http.MethodGet {
		return s.lookedUp(c)
	}
	found, _ := k.asking().get(func() (found identified, _ error) {
		found.who, found.problem = s.lookedUp(c)
		return found, nil
	})
	return found.who, found.problem
}

// record reads a ticket, once for all that one page asks for.
func (s *server) record(ctx context.Context, n ticket.Number) (ticket.Record, error) {
	k := knownIn(ctx)
	if k == nil {
		return s.Reader.Ticket(ctx, n)
	}
	return k.reading(n).get(func() (ticket.Record, error) { return s.Reader.Ticket(ctx, n) })
}

// furnishing are the paths below which stands what many pages show beside tickets: who and what these refer to.
var furnishing = []string{"/api/v1/desks", "/api/v1/groups", "/api/v1/agents", "/api/v1/templates"}

// furnished notes that what pages show beside tickets may have changed, and is to be asked for anew.
func (s *server) furnished(c *gin.Context) {
	if c.Request.Method == http.MethodGet {
		return
	}
	for _, path := range furnishing {
		if strings.HasPrefix(c.FullPath(), path) {
			s.furnishings.Add(1)
		}
	}
}
