#include "net/proxy_choice.hpp"

#include <gtest/gtest.h>

#include <map>

namespace gibsey::net {
namespace {

using Environment = std::map<std::string, std::string>;

ProxyRules rules_of(const Environment& environment) {
  return proxy_rules([&environment](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  });
}

/// "host:port", "" for none, "refused" for an error.
std::string choice(const ProxyRules& rules, const std::string& address) {
  const auto proxy = choose_proxy(rules, *parse_http_url(address));
  if (!proxy) return "refused";
  return *proxy ? host_and_port((*proxy)->host, (*proxy)->port) : "";
}

TEST(ProxyChoice, FollowsTheVariables) {
  struct Case {
    Environment environment;
    std::string for_http;
    std::string for_https;
  };
  for (const auto& [environment, for_http, for_https] : std::vector<Case>{
           {{}, "", ""},
           {{{"http_proxy", "http://a:1"}}, "a:1", ""},
           {{{"HTTP_PROXY", "http://a:1"}}, "a:1", ""},
           {{{"HTTP_PROXY", "http://a:1"}, {"http_proxy", "http://b:2"}}, "b:2", ""},
           {{{"HTTP_PROXY", "http://a:1"}, {"REQUEST_METHOD", "GET"}}, "", ""},
           {{{"http_proxy", "http://a:1"}, {"REQUEST_METHOD", "GET"}}, "a:1", ""},
           {{{"HTTPS_PROXY", "http://a:1"}}, "", "a:1"},
           {{{"https_proxy", "a:1"}, {"HTTPS_PROXY", "b:2"}}, "", "a:1"},
           {{{"https_proxy", ""}, {"HTTPS_PROXY", "b:2"}}, "", "b:2"},
           {{{"ALL_PROXY", "http://a:1"}}, "a:1", "a:1"},
           {{{"all_proxy", "http://a:1"}, {"https_proxy", "http://b:2"}}, "a:1", "b:2"},
           {{{"ALL_PROXY", "http://a:1"}, {"HTTP_PROXY", "http://b:2"}, {"REQUEST_METHOD", "GET"}}, "a:1", "a:1"},
       }) {
    const auto rules = rules_of(environment);
    EXPECT_EQ(choice(rules, "http://models.example/x"), for_http) << ::testing::PrintToString(environment);
    EXPECT_EQ(choice(rules, "https://models.example/x"), for_https) << ::testing::PrintToString(environment);
  }
}

TEST(ProxyChoice, ReadsTheAddressOfAProxy) {
  for (const auto& [value, place] : std::vector<std::pair<std::string, std::string>>{
           {"http://proxy.example:3128", "proxy.example:3128"},
           {"HTTP://proxy.example:3128/", "proxy.example:3128"},
           {"proxy.example", "proxy.example:80"},
           {"10.0.0.1:8080", "10.0.0.1:8080"},
           {"http://[fd00::1]:8080", "[fd00::1]:8080"},
           {"http://user:word@proxy.example:3128", "proxy.example:3128"},
           {"http://user:w@rd/#@proxy.example:3128", "proxy.example:3128"},
           {"https://proxy.example:3128", "refused"},
           {"socks5://proxy.example:1080", "refused"},
           {"http://", "refused"},
           {"http://user:word@", "refused"},
           {"http://proxy.example:none", "refused"},
           {"http://proxy.example:70000", "refused"},
           {"http://pro\r\nxy:80", "refused"},
           {"http://user:%zz@proxy.example", "refused"},
       }) {
    EXPECT_EQ(choice(rules_of({{"all_proxy", value}}), "http://models.example"), place) << value;
  }
}

TEST(ProxyChoice, TheNameAndPasswordAreSentAsBasicAndToldToNobody) {
  const auto url = *parse_http_url("https://models.example");
  const auto proxy = choose_proxy(rules_of({{"https_proxy", "http://Aladdin:open%20sesame@proxy"}}), url);
  ASSERT_TRUE(proxy && *proxy);
  EXPECT_EQ((*proxy)->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617 section 2
  EXPECT_EQ((*choose_proxy(rules_of({{"https_proxy", "http://proxy"}}), url))->authorization, "");
  for (const auto* value :
       {"socks5://user:secret@proxy", "http://user:secret@", "http://user:secret@proxy:x", "http://secret%z@h"}) {
    const auto refused = choose_proxy(rules_of({{"https_proxy", value}}), url);
    ASSERT_FALSE(refused) << value;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(refused.error().message.starts_with("https_proxy ")) << refused.error().message;
  }
}

TEST(ProxyChoice, NoProxyNamesWhatIsReachedDirectly) {
  struct Case {
    std::string no_proxy;
    std::string address;
    bool direct;
  };
  for (const auto& [no_proxy, address, direct] : std::vector<Case>{
           {"", "http://models.example", false},
           {"*", "http://models.example", true},
           {"other.example, *", "https://10.0.0.1", true},
           {"models.example", "http://models.example", true},
           {"models.example", "http://eu.models.example:8080", true},
           {"models.example", "http://mymodels.example", false},
           {"models.example", "http://models.example.org", false},
           {".models.example", "http://eu.models.example", true},
           {".models.example", "http://models.example", true},
           {"*.models.example", "http://eu.models.example", true},
           {"MODELS.example", "http://Models.Example", true},
           {"models.example.", "http://models.example", true},
           {"models.example", "http://models.example.", true},
           {"a.example,models.example", "http://models.example", true},
           {"a.example models.example", "http://models.example", true},
           {" a.example ,, models.example ", "http://models.example", true},
           {"models.example:8080", "http://models.example:8080", true},
           {"models.example:8080", "http://models.example", false},
           {"models.example:80", "http://models.example", true},
           {"models.example:443", "https://models.example", true},
           {"10.0.0.1", "http://10.0.0.1:8080", true},
           {"10.0.0.1:8080", "http://10.0.0.1:8080", true},
           {"10.0.0.1:8081", "http://10.0.0.1:8080", false},
           {"0.0.1", "http://10.0.0.1", false},
           {"10.0.0.0/8", "http://10.200.3.4", true},
           {"10.0.0.0/8", "http://11.0.0.1", false},
           {"10.0.0.0/8", "http://models.example", false},
           {"192.168.4.0/23", "http://192.168.5.1", true},
           {"192.168.4.0/23", "http://192.168.6.1", false},
           {"10.0.0.1/32", "http://10.0.0.1", true},
           {"0.0.0.0/0", "http://8.8.8.8", true},
           {"10.0.0.0/33", "http://10.0.0.0", false},
           {"10.0.0.0/x", "http://10.0.0.0", false},
           {"/8", "http://10.0.0.0", false},
           {"fd00::/8", "http://[fd12::1]", true},
           {"fd00::/8", "http://[fe80::1]", false},
           {"fd00::/8", "http://10.0.0.1", false},
           {"fd00::1", "http://[fd00:0::1]:8080", true},
           {"[fd00::1]", "http://[fd00::1]", true},
           {"[fd00::1]:8080", "http://[fd00::1]:8080", true},
           {"[fd00::1]:8081", "http://[fd00::1]:8080", false},
           {"10.0.0.0/8", "http://[::ffff:10.0.0.1]", true},
           {".", "http://models.example", false},
           {":80", "http://models.example", false},
       }) {
    const auto rules = rules_of({{"all_proxy", "http://proxy:3128"}, {"no_proxy", no_proxy}});
    EXPECT_EQ(choice(rules, address), direct ? "" : "proxy:3128") << no_proxy << " for " << address;
  }
  EXPECT_EQ(choice(rules_of({{"all_proxy", "http://p:1"}, {"NO_PROXY", "models.example"}}), "http://models.example"), "");
}

TEST(ProxyChoice, LoopbackGoesThroughAProxyOnlyWhereThatIsWanted) {
  auto rules = rules_of({{"all_proxy", "http://proxy:3128"}});
  for (const auto* address : {"http://localhost", "https://LOCALHOST.:8443", "http://a.localhost", "http://127.0.0.1:11434",
                              "http://127.8.9.10", "http://[::1]:80", "http://[::ffff:127.0.0.1]"}) {
    rules.loopback = false;
    EXPECT_EQ(choice(rules, address), "") << address;
    rules.loopback = true;
    EXPECT_EQ(choice(rules, address), "proxy:3128") << address;
  }
  rules.loopback = false;
  EXPECT_EQ(choice(rules, "http://mylocalhost"), "proxy:3128");
  EXPECT_EQ(choice(rules_of({{"http_proxy", "socks5://x:1"}}), "http://localhost"), "") << "what is not used is not looked at";
}

}  // namespace
}  // namespace gibsey::net
