#include "LoadedCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

// Numbers of curl/curl.h.
enum {
    optionWriteData = 10001,
    optionURL = 10002,
    optionErrorBuffer = 10010,
    optionPostFields = 10015,
    optionUserAgent = 10018,
    optionLowSpeedLimit = 19,
    optionLowSpeedTime = 20,
    optionHTTPHeader = 10023,
    optionHeaderData = 10029,
    optionCustomRequest = 10036,
    optionNoProgress = 43,
    optionFollowLocation = 52,
    optionProgressData = 10057,
    optionCertificateFile = 10065,
    optionMaximumRedirects = 68,
    optionHTTPVersion = 84,
    optionBufferSize = 98,
    optionNoSignal = 99,
    optionTimeoutMilliseconds = 155,
    optionConnectMilliseconds = 156,
    optionNoProxy = 10177,
    optionProtocols = 181,
    optionRedirectProtocols = 182,
    optionKeepAlive = 213,
    optionPathAsIs = 234,
    optionWriteFunction = 20011,
    optionHeaderFunction = 20079,
    optionTransferFunction = 20219,
    optionPostFieldSize = 30120,
    infoStatus = 0x200002,
    globalDefault = 3,
    version1_1 = 2,
    protocolsHTTP = 1 | 2,
    outOfMemory = 27,
};

typedef struct Node Node;

static struct {
    int (*globalInit)(long);
    const char *(*version)(void);
    void *(*easyInit)(void);
    void (*easyCleanup)(void *);
    void (*easyReset)(void *);
    int (*easySetOption)(void *, int, ...);
    int (*easyPerform)(void *);
    int (*easyGetInfo)(void *, int, ...);
    const char *(*easyText)(int);
    Node *(*append)(Node *, const char *);
    void (*freeAll)(Node *);
} curl;

static char failure[512];
static bool isLoaded;

static void load(void) {
    static const char *const names[] = {
#ifdef __APPLE__
        "libcurl.4.dylib", "libcurl.dylib",
#else
        "libcurl.so.4", "libcurl-gnutls.so.4",
#endif
    };
#ifdef __linux__
    // A static program would need the very glibc that it was linked with, and may crash with another. The kernel gives the place of the dynamic
    // linker, of which such a program has none.
    if (getauxval(AT_BASE) == 0) {
        snprintf(failure, sizeof failure, "this program is linked statically, and loads nothing");
        return;
    }
#endif
    void *library = NULL;
    for (size_t index = 0; library == NULL && index < sizeof(names) / sizeof(*names); index++) {
        library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL && index == 0) {
            const char *reason = dlerror();
            snprintf(failure, sizeof failure, "%s", reason == NULL ? "it cannot be loaded" : reason);
        }
    }
    if (library == NULL) return;
    struct {
        const char *name;
        void *place;
    } const functions[] = {
        {"curl_global_init", &curl.globalInit},
        {"curl_version", &curl.version},
        {"curl_easy_init", &curl.easyInit},
        {"curl_easy_cleanup", &curl.easyCleanup},
        {"curl_easy_reset", &curl.easyReset},
        {"curl_easy_setopt", &curl.easySetOption},
        {"curl_easy_perform", &curl.easyPerform},
        {"curl_easy_getinfo", &curl.easyGetInfo},
        {"curl_easy_strerror", &curl.easyText},
        {"curl_slist_append", &curl.append},
        {"curl_slist_free_all", &curl.freeAll},
    };
    for (size_t index = 0; index < sizeof(functions) / sizeof(*functions); index++) {
        void *function = dlsym(library, functions[index].name);
        if (function == NULL) {
            snprintf(failure, sizeof failure, "it has no %s", functions[index].name);
            return;
        }
        // ISO C has no conversion from an object's pointer to a function's; POSIX wants it to be this one.
        memcpy(functions[index].place, &function, sizeof function);
    }
    int code = curl.globalInit(globalDefault);
    if (code != 0) {
        snprintf(failure, sizeof failure, "it cannot be initialised: code %d", code);
        return;
    }
    isLoaded = true;
}

const char *loadedCurlLoad(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return isLoaded ? NULL : failure;
}

const char *loadedCurlVersion(void) { return isLoaded ? curl.version() : ""; }

void *loadedCurlConnect(void) { return isLoaded ? curl.easyInit() : NULL; }

void loadedCurlClose(void *connection) { curl.easyCleanup(connection); }

static size_t receiveHeader(const char *line, size_t size, size_t count, void *data) {
    const LoadedCurlRequest *request = data;
    request->receiveHeader(line, size * count, request->context);
    return size * count;
}

static size_t receiveBody(const char *bytes, size_t size, size_t count, void *data) {
    const LoadedCurlRequest *request = data;
    // Any other number than that of the bytes ends the request.
    return request->receiveBody(bytes, size * count, request->context) ? size * count : SIZE_MAX;
}

static int progress(void *data, int64_t downTotal, int64_t down, int64_t upTotal, int64_t up) {
    const LoadedCurlRequest *request = data;
    (void)downTotal, (void)down, (void)upTotal, (void)up;
    return request->isCancelled(request->context) ? 1 : 0;
}

LoadedCurlResult loadedCurlPerform(void *connection, const LoadedCurlRequest *request) {
    LoadedCurlResult result = {0, 0, ""};
    char message[256] = "";
    // It keeps the connection and what is known of the host.
    curl.easyReset(connection);
    Node *headers = NULL;
    bool hasMemory = true;
    for (size_t index = 0; index < request->headerCount && hasMemory; index++) {
        Node *longer = curl.append(headers, request->headers[index]);
        if (longer == NULL) hasMemory = false;
        else headers = longer;
    }
    if (!hasMemory) {
        curl.freeAll(headers);
        result.code = outOfMemory;
        snprintf(result.message, sizeof result.message, "%s", curl.easyText(outOfMemory));
        return result;
    }
    int code = 0;
#define SET(option, value) \
    do { \
        if (code == 0) code = curl.easySetOption(connection, option, value); \
    } while (0)
    SET(optionErrorBuffer, message);
    SET(optionURL, request->url);
    SET(optionNoSignal, 1L);
    SET(optionProtocols, (long)protocolsHTTP);
    SET(optionRedirectProtocols, (long)protocolsHTTP);
    // Object stores speak 1.1, and streams that share one connection gain nothing.
    SET(optionHTTPVersion, (long)version1_1);
    SET(optionPathAsIs, 1L);
    SET(optionKeepAlive, 1L);
    SET(optionBufferSize, 512L << 10);
    SET(optionUserAgent, "xent");
    SET(optionHTTPHeader, headers);
    SET(optionConnectMilliseconds, request->connectMilliseconds);
    SET(optionTimeoutMilliseconds, request->totalMilliseconds);
    SET(optionLowSpeedLimit, request->leastBytesPerSecond);
    SET(optionLowSpeedTime, request->stallSeconds);
    SET(optionFollowLocation, request->followsRedirects ? 1L : 0L);
    SET(optionMaximumRedirects, 8L);
    if (request->bypassesProxy) SET(optionNoProxy, "*");
    if (request->certificateFile != NULL) SET(optionCertificateFile, request->certificateFile);
    if (request->body != NULL) {
        SET(optionPostFieldSize, (int64_t)request->bodyByteCount);
        SET(optionPostFields, request->body);
    }
    SET(optionCustomRequest, request->method);
    SET(optionHeaderFunction, receiveHeader);
    SET(optionHeaderData, (void *)request);
    SET(optionWriteFunction, receiveBody);
    SET(optionWriteData, (void *)request);
    SET(optionTransferFunction, progress);
    SET(optionProgressData, (void *)request);
    SET(optionNoProgress, 0L);
#undef SET
    // A server that closes a connection of TLS early would end the process: OpenSSL writes without MSG_NOSIGNAL, and libcurl ignores the signal
    // only where it may change the handlers of the whole process.
    sigset_t pipeSignal, before, pending;
    sigemptyset(&pipeSignal);
    sigaddset(&pipeSignal, SIGPIPE);
    sigpending(&pending);
    bool wasPending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipeSignal, &before);
    if (code == 0) code = curl.easyPerform(connection);
    sigpending(&pending);
    if (!wasPending && sigismember(&pending, SIGPIPE) == 1) {
        int taken;
        sigwait(&pipeSignal, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    result.code = code;
    curl.easyGetInfo(connection, infoStatus, &result.status);
    if (code != 0) snprintf(result.message, sizeof result.message, "%s", message[0] != '\0' ? message : curl.easyText(code));
    // The buffer and the lists end with this call.
    curl.easyReset(connection);
    curl.freeAll(headers);
    return result;
}
