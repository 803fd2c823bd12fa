// HTTP requests by libcurl, which is loaded when the first one is made: a program that reads local files alone neither needs it nor waits for
// the thirty libraries that it brings.
//
// curl_easy_setopt takes variable arguments, which Swift cannot pass; its options are set here. Only their numbers are used, which are part
// of libcurl's ABI (https://curl.se/libcurl/abi.html), so that its headers need not be there.
#ifndef XENT_LOADED_CURL_H
#define XENT_LOADED_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A request, and the functions that receive its response. All pointers are read during `loadedCurlPerform` alone.
typedef struct LoadedCurlRequest {
    const char *_Nonnull method;
    const char *_Nonnull url;
    /// Lines such as "Range: bytes=0-99".
    const char *_Nonnull const *_Nullable headers;
    size_t headerCount;
    /// The body of a request with one; NULL for none.
    const void *_Nullable body;
    size_t bodyByteCount;
    long connectMilliseconds;
    /// The whole request's time; 0 for no limit.
    long totalMilliseconds;
    /// A response that brings fewer bytes a second, for so many seconds, has stalled; 0 for no limit.
    long leastBytesPerSecond;
    long stallSeconds;
    bool followsRedirects;
    /// True for addresses of this machine or its host, which no proxy knows.
    bool bypassesProxy;
    /// The file of trusted certificates; NULL for the system's.
    const char *_Nullable certificateFile;
    void *_Nullable context;
    /// Takes a line of the response's head, with its line end.
    void (*_Nonnull receiveHeader)(const char *_Nonnull line, size_t byteCount, void *_Nullable context);
    /// Takes bytes of the body. Returns false to end the request.
    bool (*_Nonnull receiveBody)(const char *_Nonnull bytes, size_t byteCount, void *_Nullable context);
    /// Called several times a second. Returns true to end the request.
    bool (*_Nonnull isCancelled)(void *_Nullable context);
} LoadedCurlRequest;

/// The end of a request.
typedef struct LoadedCurlResult {
    /// libcurl's CURLcode; 0 where a whole response came.
    int code;
    /// The status of the response; 0 where there was none.
    long status;
    /// The fault in libcurl's words; empty where there is none.
    char message[256];
} LoadedCurlResult;

/// Loads libcurl, once in a process. Any thread may call it.
///
/// Returns NULL if it is loaded, else the reason why it is not, which lives as long as the process.
const char *_Nullable loadedCurlLoad(void);

/// The version of the loaded libcurl, such as "libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13"; "" where none is loaded.
const char *_Nonnull loadedCurlVersion(void);

/// Makes a connection, which keeps its socket between requests to one host; NULL where there is no memory, or libcurl is not loaded.
void *_Nullable loadedCurlConnect(void);

/// Closes a connection.
void loadedCurlClose(void *_Nonnull connection);

/// Makes a request and waits for its end. One thread at a time may use a connection.
LoadedCurlResult loadedCurlPerform(void *_Nonnull connection, const LoadedCurlRequest *_Nonnull request);

#ifdef __cplusplus
}
#endif

#endif
