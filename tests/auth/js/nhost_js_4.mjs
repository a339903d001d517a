// One user's whole life through @nhost/nhost-js 4: prints what happened as JSON, or fails.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [base, packages] = process.argv.slice(2)
const entry = createRequire(`${packages}/`).resolve('@nhost/nhost-js')
const { createClient } = await import(pathToFileURL(entry.replace(/\.cjs$/, '.js')))
const nhost = createClient({ authUrl: base, storageUrl: base, graphqlUrl: base, functionsUrl: base })
const email = 'ada@example.com'
const refused = (promise) => promise.then(() => assert.fail('was not refused'), (error) => error)

const signedUp = await nhost.auth.signUpEmailPassword({
  email,
  password: 'correct horse',
  options: { displayName: 'Ada', metadata: { team: 'blue' } },
})
assert.equal(signedUp.body.session.user.email, email)
assert.deepEqual(nhost.getUserSession().decodedToken['https://hasura.io/jwt/claims']['x-hasura-allowed-roles'], [
  'user',
  'me',
])

const again = await refused(nhost.auth.signUpEmailPassword({ email, password: 'correct horse' }))
assert.equal(again.status, 409)
assert.equal(again.body.error, 'user-already-exists')
assert.equal(again.message, 'User already exists')

const before = nhost.getUserSession()
const refreshed = await nhost.refreshSession(10_000_000)
assert.notEqual(refreshed.refreshToken, before.refreshToken)
assert.equal(refreshed.refreshTokenId, before.refreshTokenId)

const user = await nhost.auth.getUser()
assert.deepEqual(user.body.metadata, { team: 'blue' })

await nhost.auth.changeUserPassword({ newPassword: 'battery staple' })
const stale = await refused(nhost.auth.refreshToken({ refreshToken: refreshed.refreshToken }))
assert.equal(stale.body.error, 'invalid-refresh-token')

const wrong = await refused(nhost.auth.signInEmailPassword({ email, password: 'correct horse' }))
assert.equal(wrong.body.error, 'invalid-email-password')
const signedIn = await nhost.auth.signInEmailPassword({ email, password: 'battery staple' })
assert.equal((await nhost.auth.verifyToken({ token: signedIn.body.session.accessToken })).body, 'OK')

assert.equal((await nhost.auth.signOut({ refreshToken: signedIn.body.session.refreshToken })).body, 'OK')
assert.equal(nhost.getUserSession(), null)
assert.equal((await refused(nhost.auth.getUser())).status, 401)

const guest = await nhost.auth.signInAnonymous()
assert.equal(guest.body.session.user.isAnonymous, true)
console.log(JSON.stringify({ user: user.body, guest: guest.body.session.user }))
