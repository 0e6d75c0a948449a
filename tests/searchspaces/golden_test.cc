// Golden configurations: the same texts on every machine, compiler and optimisation level, and whatever code glibc
// picks for the processor (the second ctest of this program turns FMA and AVX2 off). A difference is a broken promise:
// raise the sampler's rules() before changing a line here.

#include <gmock/gmock.h>

#include "tests/searchspaces/space_builder.h"

namespace tune {
namespace {

using testing::ElementsAre;

const Space& mixed_space() {
  static const Space kSpace = space_of(
      {
          parameter("lr", LogUniform{1e-5, 1e-1}),
          parameter("optimizer.name", choice({"adam", "sgd"})),
          parameter("optimizer.momentum", QUniform{0, 0.99, 0.01}, {{"optimizer.name", {"sgd"}}}),
          parameter("dropout", Uniform{0, 0.5}),
          parameter("hidden", QLogRandInt{16, 512, 16}),
          parameter("layers", RandInt{1, 6}),
          parameter("batch", LogRandInt{4, 257}),
          parameter("noise", Normal{0, 0.1}),
          parameter("shift", QNormal{1, 2, 0.25}),
          parameter("decay", QLogUniform{0.001, 0.1, 0.001}),
          parameter("act", Choice{{"relu", "gelu", true, 3, 0.5}, {5, 3, 1, 0, 2}, false}),
          parameter("scale", Derived{"sqrt(hidden) * exp(-dropout) + ln(batch) ^ 1.5 + tanh(noise)", false}),
          parameter("width", Derived{"round(hidden / layers)", true}),
          parameter("epochs", Constant{20}),
      },
      {"hidden * layers <= 1024"});
  return kSpace;
}

TEST(Golden, RandomConfigurations) {
  EXPECT_THAT(
      config_texts(*sampler_of("random", mixed_space(), {}, 20240607), 5),
      ElementsAre(
          R"({"lr":0.0004298437694157271,"optimizer.name":"adam","dropout":0.08185712708063664,"hidden":16,"layers":3,"batch":66,"noise":0.1403751429247659,"shift":-0.5,"decay":0.002,"act":"gelu","scale":12.40073071563657,"width":5,"epochs":20})",
          R"({"lr":0.0016964506443189439,"optimizer.name":"adam","dropout":0.18378992576940645,"hidden":32,"layers":3,"batch":122,"noise":0.13238420894605588,"shift":-0.25,"decay":0.007,"act":"relu","scale":15.368234924635004,"width":11,"epochs":20})",
          R"({"lr":0.001351177686793401,"optimizer.name":"sgd","optimizer.momentum":0.37,"dropout":0.23449430621692935,"hidden":16,"layers":4,"batch":187,"noise":-0.0961151996899256,"shift":2.0,"decay":0.007,"act":"relu","scale":15.032453883929186,"width":4,"epochs":20})",
          R"({"lr":0.07291257958418029,"optimizer.name":"adam","dropout":0.4814300071991122,"hidden":32,"layers":4,"batch":4,"noise":-0.059996166101827425,"shift":-2.0,"decay":0.084,"act":"relu","scale":5.067678077608858,"width":8,"epochs":20})",
          R"({"lr":0.013524794923012942,"optimizer.name":"adam","dropout":0.4164004638391638,"hidden":80,"layers":3,"batch":27,"noise":0.21199923236512208,"shift":0.75,"decay":0.001,"act":"gelu","scale":12.090283822881421,"width":27,"epochs":20})"));
}

TEST(Golden, SobolConfigurations) {
  EXPECT_THAT(
      config_texts(*sampler_of("sobol", mixed_space(), {}, 20240607), 5),
      ElementsAre(
          R"({"lr":0.0001590041066548465,"optimizer.name":"adam","dropout":0.272855692584292,"hidden":16,"layers":1,"batch":74,"noise":0.018004495362771194,"shift":5.25,"decay":0.025,"act":"relu","scale":11.992130162586744,"width":16,"epochs":20})",
          R"({"lr":1.5900410665484634e-05,"optimizer.name":"sgd","optimizer.momentum":0.17,"dropout":0.147855692584292,"hidden":32,"layers":2,"batch":26,"noise":0.09208719651428462,"shift":2.25,"decay":0.095,"act":"relu","scale":10.85210778351296,"width":16,"epochs":20})",
          R"({"lr":0.0015900410665484655,"optimizer.name":"adam","dropout":0.397855692584292,"hidden":192,"layers":4,"batch":209,"noise":-0.04636720527201851,"shift":-0.5,"decay":0.007,"act":0.5,"scale":21.60983018571792,"width":48,"epochs":20})",
          R"({"lr":3.277334759745548e-05,"optimizer.name":"sgd","optimizer.momentum":0.31,"dropout":0.18177171324541047,"hidden":32,"layers":1,"batch":64,"noise":-0.0007715590969973567,"shift":-1.5,"decay":0.001,"act":0.5,"scale":13.197217941182585,"width":32,"epochs":20})",
          R"({"lr":5.028151343496512e-05,"optimizer.name":"adam","dropout":0.210355692584292,"hidden":48,"layers":1,"batch":124,"noise":-0.013465744188610993,"shift":-1.5,"decay":0.001,"act":0.5,"scale":16.18342577205823,"width":48,"epochs":20})"));
}

TEST(Golden, RandomConfigurationsOverGrids) {
  const Space space = space_of({parameter("g", grid({"a", "b"})), parameter("x", LogUniform{0.001, 1}),
                                parameter("h", grid({1, 2}), {{"g", {"b"}}})});
  EXPECT_THAT(config_texts(*sampler_of("random", space, {Config{{{"g", "b"}}}}, 1), 6),
              ElementsAre(R"({"g":"b","x":0.1511730107966015,"h":1})", R"({"g":"b","x":0.008754779926520876,"h":2})",
                          R"({"g":"a","x":0.23233731867593813})", R"({"g":"b","x":0.07278987205433456,"h":1})",
                          R"({"g":"b","x":0.004281842408133399,"h":2})", R"({"g":"a","x":0.0030462065056974987})"));
}

TEST(Golden, ALongRunInOneNumber) {
  std::uint64_t hash = 0;
  for (const char* algorithm : {"random", "sobol"}) {
    const auto sampler = sampler_of(algorithm, mixed_space(), {}, 42);
    for (std::int64_t i = 0; i < 5'000; ++i) hash = stable_hash(hash, config_text(*sampler, i));
  }
  EXPECT_EQ(hash, 11248834247698847371u);
}

}  // namespace
}  // namespace tune
