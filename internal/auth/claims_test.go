package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/auth"
)

func signHS(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, []byte(secret), claims)
}

// signRaw makes a token of claims as they stand, JSON or not.
func signRaw(t testing.TB, claims string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

const (
	wrongTypes = "its claims are no JSON object, or of the wrong types: want strings for sub, name and role, numbers for exp, nbf and iat"
	wrongTime  = "its exp, nbf and iat must be seconds since 1970, up to the year 9999"
	wrongRooms = "its rooms must be a list of names of rooms"
	wrongSub   = "its sub must be 1 to 64 bytes without control characters"
	wrongGuest = `its sub begins with "guest.", as the ids of guests do`
	wrongName  = "its name (or its sub, without one) must be 1 to 40 visible characters"
	wrongRole  = "its role must be at most 64 bytes without control characters"
	expired    = "it has expired"
	notYet     = "it is not valid yet (nbf)"
	ofFuture   = "it is of the future (iat)"
	lacking    = "it has no exp (a time in seconds), or lacks the iss or aud that is asked for"
)

// The leeway ends as exp itself does: right at its edge a token has expired, while
// an nbf or iat has come.
func TestTimesHoldToTheSecond(t *testing.T) {
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, c := range map[string]struct {
		claims with
		words  string
	}{
		"expires in a second":           {with{"exp": at(time.Second)}, ""},
		"expires now":                   {with{"exp": at(0)}, ""},
		"expired 29 s ago":              {with{"exp": at(-29 * time.Second)}, ""},
		"expired 30 s ago":              {with{"exp": at(-30 * time.Second)}, expired},
		"expired 31 s ago":              {with{"exp": at(-31 * time.Second)}, expired},
		"expired in 1970":               {with{"exp": 0}, expired},
		"holds from now":                {with{"nbf": at(0)}, ""},
		"holds in 30 s":                 {with{"nbf": at(30 * time.Second)}, ""},
		"holds in 31 s":                 {with{"nbf": at(31 * time.Second)}, notYet},
		"made now":                      {with{"iat": at(0)}, ""},
		"made in 30 s":                  {with{"iat": at(30 * time.Second)}, ""},
		"made in 31 s":                  {with{"iat": at(31 * time.Second)}, ofFuture},
		"made long ago":                 {with{"iat": 0, "nbf": 0}, ""},
		"without an end":                {with{"exp": nil}, lacking},
		"a fraction is cut off":         {with{"exp": float64(at(-29*time.Second)) + 0.9}, ""},
		"…to the second":                {with{"exp": float64(at(-30*time.Second)) + 0.9}, expired},
		"in the year 9999":              {with{"exp": 253402300799}, ""},
		"in the year 10000":             {with{"exp": 253402300800}, wrongTime},
		"in milliseconds":               {with{"exp": now.Add(time.Hour).UnixMilli()}, wrongTime},
		"as a string":                   {with{"exp": "1900000000"}, wrongTime},
		"as true":                       {with{"exp": true}, wrongTime},
		"as a list":                     {with{"exp": []int{1900000000}}, wrongTime},
		"negative":                      {with{"exp": -1}, wrongTime},
		"huge":                          {with{"exp": 1e300}, wrongTime},
		"nbf huge":                      {with{"nbf": 1e300}, wrongTime},
		"iat huge":                      {with{"iat": 9.3e18}, wrongTime},
		"nbf as a string":               {with{"nbf": "0"}, wrongTime},
		"expired, and not yet valid":    {with{"exp": at(-time.Hour), "nbf": at(time.Hour)}, expired},
		"not valid yet, and of the day": {with{"nbf": at(time.Hour), "iat": at(time.Hour)}, notYet},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t, auth.Config{Secret: secret})
			if c.words == "" {
				wantGood(t, v, signHS(t, ada(c.claims)))
			} else {
				wantBad(t, v, signHS(t, ada(c.claims)), c.words)
			}
		})
	}
}

// What the leeway lets in is not thrown out at once.
func TestSessionLastsAsLongAsItsTokenHolds(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	for ago, want := range map[time.Duration]time.Duration{
		-time.Hour:       time.Hour,
		-time.Second:     time.Second,
		0:                30 * time.Second,
		29 * time.Second: time.Second,
	} {
		who, err := verify(v, signHS(t, ada(with{"exp": now.Add(-ago).Unix()})))
		if err != nil || who.Expires().Sub(now) != want {
			t.Errorf("expired %v ago: the session ends in %v, %v; want %v", ago, who.Expires().Sub(now), err, want)
		}
	}
}

func TestClaimsMakeAnIdentity(t *testing.T) {
	const nfd, nfc = "Café", "Café"
	for name, c := range map[string]struct {
		claims with
		want   auth.Identity
	}{
		"all of them":             {with{"role": "admin", "rooms": []string{"lobby"}}, auth.Identity{Name: "ada", Role: "admin", Terms: &auth.Terms{Rooms: []string{"lobby"}}}},
		"no name":                 {with{"name": nil}, auth.Identity{Name: "user-1"}},
		"an empty name":           {with{"name": ""}, auth.Identity{Name: "user-1"}},
		"a name to compose":       {with{"name": nfd}, auth.Identity{Name: nfc}},
		"a room to compose":       {with{"rooms": []string{nfd}}, auth.Identity{Name: "ada", Terms: &auth.Terms{Rooms: []string{nfc}}}},
		"no room at all":          {with{"rooms": []string{}}, auth.Identity{Name: "ada", Terms: &auth.Terms{Rooms: []string{}}}},
		"claims of other people":  {with{"email": "a@b.example", "SUB": "eve", "Rooms": []string{"attic"}, "ROLE": 7}, auth.Identity{Name: "ada"}},
		"a name of 40 characters": {with{"name": strings.Repeat("é", 40)}, auth.Identity{Name: strings.Repeat("é", 40)}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.User = "user-1"
			if c.want.Terms == nil {
				c.want.Terms = &auth.Terms{}
			}
			c.want.Terms.Expires = now.Add(time.Hour)
			token := signHS(t, ada(c.claims))
			c.want.Terms.Token = auth.FingerprintOf(token)
			got, err := verify(verifier(t, auth.Config{Secret: secret}), token)
			if got.Terms != nil {
				got.Terms.Expires = got.Terms.Expires.UTC()
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestATokenSaysWhenItWasIssued(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	for name, c := range map[string]struct {
		iat  any
		want int64
	}{
		"doesn't say":               {nil, 0},
		"a second":                  {now.Unix() - 60, now.UnixMilli() - 60_000},
		"a fraction of one":         {json.Number("1772366399.452"), 1772366399452},
		"by a clock ahead of ours":  {now.Unix() + 20, now.UnixMilli()},
		"by one that is far behind": {0, 0},
	} {
		who, err := verify(v, signHS(t, ada(with{"iat": c.iat})))
		if err != nil || who.Issued() != c.want {
			t.Errorf("%s: issued %d, %v; want %d", name, who.Issued(), err, c.want)
		}
	}
	if guest := auth.NewGuest("ada"); guest.Issued() != 0 {
		t.Errorf("a guest was issued at %d", guest.Issued())
	}
}

func TestAllowListOpensItsRoomsAlone(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	for name, c := range map[string]struct {
		rooms        any
		lobby, attic bool
	}{
		"none given": {nil, true, true},
		"one":        {[]string{"lobby"}, true, false},
		"two":        {[]string{"attic", "lobby"}, true, true},
		"empty":      {[]string{}, false, false},
	} {
		who, err := verify(v, signHS(t, ada(with{"rooms": c.rooms})))
		if err != nil || who.MayJoin("lobby") != c.lobby || who.MayJoin("attic") != c.attic {
			t.Errorf("%s: lobby %v, attic %v, %v", name, who.MayJoin("lobby"), who.MayJoin("attic"), err)
		}
	}
}

func TestWrongClaimsAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		claims with
		words  string
	}{
		"no sub":                     {with{"sub": nil}, wrongSub},
		"an empty sub":               {with{"sub": ""}, wrongSub},
		"a number as sub":            {with{"sub": 7}, wrongTypes},
		"a sub of 65 bytes":          {with{"sub": strings.Repeat("é", 32) + "x"}, wrongSub},
		"a sub with a newline":       {with{"sub": "user\n1"}, wrongSub},
		"a sub with a NUL":           {with{"sub": "user\x00"}, wrongSub},
		"a sub with a C1":            {with{"sub": "user\u0085"}, wrongSub},
		"a sub of a guest":           {with{"sub": "guest.ada"}, wrongGuest},
		"a list as name":             {with{"name": []string{"ada"}}, wrongTypes},
		"a name of 41 characters":    {with{"name": strings.Repeat("a", 41)}, wrongName},
		"a name that turns around":   {with{"name": "ada\u202egrace"}, wrongName},
		"a name that nobody sees":    {with{"name": "\u200b"}, wrongName},
		"a name of two lines":        {with{"name": "ada\u2028grace"}, wrongName},
		"a sub too long for a name":  {with{"name": nil, "sub": strings.Repeat("a", 41)}, wrongName},
		"a number as role":           {with{"role": 1}, wrongTypes},
		"a role of 65 bytes":         {with{"role": strings.Repeat("r", 65)}, wrongRole},
		"a role with a newline":      {with{"role": "admin\n"}, wrongRole},
		"a string as rooms":          {with{"rooms": "lobby"}, wrongRooms},
		"an object as rooms":         {with{"rooms": with{"lobby": true}}, wrongRooms},
		"a number among the rooms":   {with{"rooms": []any{"lobby", 1}}, wrongRooms},
		"a null among the rooms":     {with{"rooms": []any{nil}}, wrongRooms},
		"an empty room":              {with{"rooms": []string{""}}, wrongRooms},
		"a room with a newline":      {with{"rooms": []string{"lobby\n"}}, wrongRooms},
		"a room of 65 characters":    {with{"rooms": []string{strings.Repeat("r", 65)}}, wrongRooms},
		"a number as iss":            {with{"iss": 7}, wrongTypes},
		"a number as aud":            {with{"aud": 7}, wrongTypes},
		"a number among the aud":     {with{"aud": []any{"chat", 7}}, wrongTypes},
		"a boolean in place of exp":  {with{"exp": false}, wrongTime},
		"a name with half an emoji?": {with{"name": "\ufffd"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t, auth.Config{Secret: secret})
			if c.words == "" {
				wantGood(t, v, signHS(t, ada(c.claims)))
				return
			}
			wantBad(t, v, signHS(t, ada(c.claims)), c.words)
		})
	}
}

func TestClaimsThatAreNoObjectAreRefused(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	for claims, words := range map[string]string{
		`null`:                  lacking,
		``:                      "it is no JWT",
		`[]`:                    wrongTypes,
		`"user-1"`:              wrongTypes,
		`{"sub":"user-1"`:       "it is no JWT",
		`{"sub":"user-1"} x`:    "it is no JWT",
		`{}`:                    lacking,
		`{"rooms":null}`:        wrongRooms,
		`{"exp":null}`:          lacking,
		`{"sub":"\ud83d"}`:      wrongTypes,
		"{\"sub\":\"\xff\"}":    wrongTypes,
		`{"sub":"a","sub":"b"}`: wrongTypes,
		`{"exp":1900000000,"exp":9900000000,"sub":"user-1"}`: wrongTypes,
		strings.Repeat("[", 5000):                            "it is no JWT",
	} {
		wantBad(t, v, signRaw(t, claims), words)
	}
}

func TestAudienceAndIssuerMustMatchWhereSet(t *testing.T) {
	const wrongAud, wrongIss = "its aud is not the one that is asked for", "its iss is not the one that is asked for"
	for name, c := range map[string]struct {
		claims with
		words  string
	}{
		"as strings":             {with{"aud": "chat", "iss": "https://id.example"}, ""},
		"aud as a list":          {with{"aud": []string{"shop", "chat"}, "iss": "https://id.example"}, ""},
		"another aud":            {with{"aud": "shop", "iss": "https://id.example"}, wrongAud},
		"aud in capitals":        {with{"aud": "CHAT", "iss": "https://id.example"}, wrongAud},
		"a list of other auds":   {with{"aud": []string{"shop", "chat "}, "iss": "https://id.example"}, wrongAud},
		"no aud":                 {with{"iss": "https://id.example"}, lacking},
		"an empty aud":           {with{"aud": "", "iss": "https://id.example"}, lacking},
		"an empty list of aud":   {with{"aud": []string{}, "iss": "https://id.example"}, lacking},
		"another iss":            {with{"aud": "chat", "iss": "https://id.example/"}, wrongIss},
		"no iss":                 {with{"aud": "chat"}, lacking},
		"expired, and another's": {with{"aud": "shop", "iss": "x", "exp": now.Add(-time.Hour).Unix()}, expired},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t, auth.Config{Secret: secret, Audience: "chat", Issuer: "https://id.example"})
			if c.words == "" {
				wantGood(t, v, signHS(t, ada(c.claims)))
			} else {
				wantBad(t, v, signHS(t, ada(c.claims)), c.words)
			}
		})
	}
	wantGood(t, verifier(t, auth.Config{Secret: secret}), signHS(t, ada(with{"aud": "whatever", "iss": "whoever"})))
}

func TestWhatIsNoTokenIsRefused(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	good := signHS(t, ada())
	parts := strings.Split(good, ".")
	for _, garbage := range []string{
		"", ".", "..", "...", "a.b.c", "no token", "\x00\x00\x00", "é.é.é", good + ".", "." + good, good + "." + parts[2],
		parts[0] + "." + parts[1], parts[0] + "." + parts[1] + "." + "!!", "!!." + parts[1] + "." + parts[2], good + "=", strings.Repeat(".", 8000),
		base64.RawURLEncoding.EncodeToString([]byte("null")) + "." + parts[1] + "." + parts[2] + ".",
	} {
		wantBad(t, v, garbage, "it is no JWT")
	}
	wantBad(t, v, parts[0]+"."+parts[1]+".", notBySecret)
	wantBad(t, v, base64.RawURLEncoding.EncodeToString([]byte("null"))+"."+parts[1]+"."+parts[2], notBySecret)
}

func TestTokenOfMoreThanEightKilobytesIsNotLookedAt(t *testing.T) {
	v := verifier(t, auth.Config{Secret: secret})
	padded := func(n int) string { return signHS(t, ada(with{"pad": strings.Repeat("x", n)})) }
	most := 0
	for n := 5900; len(padded(n)) <= 8192; n++ {
		most = n
	}
	wantGood(t, v, padded(most))
	wantBad(t, v, padded(most+1), "it is longer than 8192 bytes")
	wantBad(t, v, strings.Repeat("x", 1<<20), "it is longer than 8192 bytes")
}

// mustJSON is v in JSON.
func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
