package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"duradesk/api/console"
	"duradesk/api/openapi"
	"duradesk/mail"
	"duradesk/ticket"
)

// Options join the ports to the door. All ports are needed; the rest have defaults.
type Options struct {
	Reader     Reader
	Queue      Queue
	Feed       Feed
	Tells      Telling
	Channels   Channels
	Bulk       Bulk
	Bell       Bell
	People     People
	Drafts     Drafts
	House      House
	Mailroom   Mailroom
	Health     Health
	Letters    Letters
	SavedViews SavedViews
	Clients    Clients
	Habits     Habits
	Reports    Reports

	Identity    Identity
	Postman     Postman
	Uploads     Uploads
	OIDC        OIDC          // the identity provider, if there is one
	FactorRoles []ticket.Role // are let in with a second factor only
	PerToken    Rate          // of each token and session, in this process
	PerAddress  Rate          // of each address, for requests that nobody is signed in for
	Proxies     []string      // addresses or networks whose X-Forwarded-For is believed

	MailKeys       mail.Keys // that links in mails are signed with
	BootstrapToken string    // acts as the agent admin; "": there is no such token
	BaseURL        string    // under which people reach the desk, without a slash at the end
	TemporalUIURL  string    // "": tickets carry no link to their workflow
	Namespace      string    // of Temporal; default "default"

	WebhookHosts []string // that may be called though they lie inside
	// Done ends the streams when it is closed, so that a process that stops need not wait for them; nil: never.
	Done <-chan struct{}

	Log      *slog.Logger         // default: none
	Now      func() time.Time     // default: time.Now
	Registry *prometheus.Registry // what /metrics shows; default: a new one with figures of the Go runtime
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	o.TemporalUIURL = strings.TrimRight(o.TemporalUIURL, "/")
	return o
}

// server answers every operation of the document; there is one file per resource.
type server struct {
	Options
	doc     *document
	texts   texts
	figures *figures
	hub     *hub

	crossOrigin *http.CrossOriginProtection
	provider    provider
	mailing     chan struct{} // holds those that are sent
	ringing     chan struct{} // holds the bells that are rung
	perToken    *buckets
	perAddress  *buckets

	calendars   sync.Map     // calendar.Calendar by calendarID: a version never changes
	furnishings atomic.Int64 // grows with each change of what pages show beside tickets
}

// New returns the handler of the whole door.
func New(o Options) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	s := &server{Options: o.withDefaults(), doc: theDocument(), texts: theTexts()}
	s.figures = newFigures(s.Registry)
	s.crossOrigin = ownOrigin(s.BaseURL)
	s.mailing, s.ringing = make(chan struct{}, mailsOnce), make(chan struct{}, bells)
	s.perToken, s.perAddress = newBuckets("token", s.PerToken), newBuckets("address", s.PerAddress)
	s.hub = newHub(s.Feed, s.Log)

	r := gin.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.HandleMethodNotAllowed = true
	if err := r.SetTrustedProxies(s.Proxies); err != nil {
		panic("trusted proxies: " + err.Error()) // cmd has held them to be addresses
	}
	r.UseRawPath = true // an id may hold any character, also a slash
	r.Use(s.observe, s.recovered, headers, s.admit)
	pages := console.New(console.Options{API: s.inside(r), BaseURL: s.BaseURL, Log: s.Log, Now: s.Now, Furnishings: s.furnishings.Load})
	r.NoRoute(func(c *gin.Context) { s.elsewhere(c, pages) })
	r.NoMethod(func(c *gin.Context) {
		s.fail(c, problem{kind: wrongMethod}.with("method", c.Request.Method).with("allow", c.Writer.Header().Get("Allow")))
	})
	openapi.RegisterHandlersWithOptions(r, s, openapi.GinServerOptions{ErrorHandler: s.misbound})
	return asGet(r)
}

// elsewhere answers what is no operation: below /api there is nothing more, everything else is the console's.
func (s *server) elsewhere(c *gin.Context, pages http.Handler) {
	if path := c.Request.URL.Path; strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/problems/") {
		s.fail(c, problem{kind: unknownRoute}.with("path", path))
		return
	}
	c.Status(http.StatusOK) // the router had put 404
	pages.ServeHTTP(c.Writer, begun(c.Request))
}

// ownOrigin refuses what another site's page makes a browser send here. Behind a proxy that changes the host, the base
// URL says who we are.
func ownOrigin(baseURL string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(baseURL); err == nil && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // refuses only what is no origin
	}
	return p
}

// NewServer returns a server around the handler with timeouts that hold against slow or silent clients: a header may
// take 5 s, a request of the largest size one minute, the answer to a command its longest wait and more.
func NewServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// asGet answers HEAD as GET; net/http leaves the body out.
func asGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
