package console

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Options join the console to the house.
type Options struct {
	API     http.Handler     // answers the operations of openapi.yaml
	Log     *slog.Logger     // default: none
	Now     func() time.Time // default: time.Now
	BaseURL string           // under which people reach the desk
	Name    string           // of the desk, as people read it; default Duradesk

	// Furnishings counts the changes of desks, groups, agents and templates; default: it never does, so that these are
	// read again every few seconds.
	Furnishings func() int64
}

// console serves the pages; there is one file, and mostly one template, per page.
type console struct {
	Options
	pages  map[string]pages // templates by language
	assets *assets
	houses houses
}

// route is one address of the console.
type route struct {
	pattern string // as http.ServeMux wants it
	public  bool   // shown to who is not signed in
	client  bool   // for clients, and not for the staff
	enrol   bool   // shown too to who must set up a second factor first
	serve   func(*visit) error
}

// parts lists what there is to see. A new page is a file with such a function, its template in templates/, its texts in
// both catalogs, and a line here; navigation finds it in manage.go.
var parts = []func() []route{
	signInRoutes, enterRoutes, workplaceRoutes, listRoutes, ticketRoutes, actionRoutes, composeRoutes, previewRoutes, createRoutes, paletteRoutes, noticeRoutes, settingsRoutes, factorRoutes, reportRoutes,
	portalRoutes, portalTicketRoutes, portalAskRoutes, portalArticleRoutes, ratingRoutes,
	lookRoutes, keptViewRoutes, bulkRoutes,
	manageRoutes, tryRoutes, mailRoutes, programRoutes, channelRoutes, articleRoutes, importRoutes, clientRoutes,
}

// New returns the console's handler. It answers everything it is asked, also with "no such page".
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Furnishings == nil {
		o.Furnishings = func() int64 { return 0 }
	}
	if o.Name == "" {
		o.Name = "Duradesk"
	}
	c := &console{Options: o, assets: theAssets(), pages: thePages()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{version}/{file...}", c.assets.serve)
	mux.HandleFunc("GET /favicon.ico", c.assets.icon)
	for _, part := range parts {
		for _, r := range part() {
			mux.HandleFunc(r.pattern, c.handle(r))
		}
	}
	mux.HandleFunc("/", c.handle(route{serve: func(v *visit) error { return v.nothing() }, public: true}))
	// A page of another origin may not act in the name of who is signed in here.
	protection := http.NewCrossOriginProtection()
	if u, err := url.Parse(o.BaseURL); err == nil && u.Host != "" {
		_ = protection.AddTrustedOrigin(u.Scheme + "://" + u.Host) // refuses only what is no origin
	}
	return protection.Handler(mux)
}

// handle prepares a visit, and answers what went wrong.
func (c *console) handle(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		headers(w.Header())
		v := &visit{c: c, w: w, r: request, lang: languageOf(request), portal: r.client}
		if !r.public {
			if err := v.identify(r.enrol); err != nil { //nolint:contextcheck // a visit carries its request, and with it the context
				v.turnAway(err) //nolint:contextcheck // as above
				return
			}
		}
		if err := r.serve(v); err != nil {
			v.fail(err) //nolint:contextcheck // as above
		}
	}
}

// headers hold for every page: only our own files, no frame around it, no script or style written into it.
func headers(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"frame-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
