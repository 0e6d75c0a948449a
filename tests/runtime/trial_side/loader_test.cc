#include "trainables/run/loader.h"

#include <gtest/gtest.h>

#include "trainables/run/info.h"

namespace tune {
namespace {

std::string path(const std::string& library) { return std::string(TEST_FOLDER) + "/lib" + library + ".so"; }

Result<LoadedTrainable> load(const std::string& library, const std::string& name = {}) {
  return load_trainable({TrainableRef::Kind::kLibrary, name, path(library), {}, Isolation::kAuto}, {});
}

void nothing(void*, tune_trial*, const tune_host*) {}
const tune_trainable kHere = {"here", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, nothing, nullptr};
const tune_trainable kThere = {"there", 0, TUNE_THREAD, nullptr, 0, nullptr, 0, nullptr, nothing, nullptr};
const tune_trainable* const kBoth[] = {&kThere, &kHere};

TEST(Loader, TellsWhatATrainableSaysOfItself) {
  const auto loaded = load("actors", "ThreeSteps");
  ASSERT_TRUE(loaded) << loaded.error().message;
  TrainableInfo expected;
  expected.name = "ThreeSteps";
  expected.parameters = {{"lr", true, TrainableInfo::Param::Kind::kReal},
                         {"layers", false, TrainableInfo::Param::Kind::kInteger}};
  expected.any_parameters = false;
  expected.can_save = expected.has_end = true;
  expected.metrics = {"loss", "accuracy"};
  expected.isolation = Isolation::kReuse;
  EXPECT_EQ(loaded->info, expected);
}

TEST(Loader, TakesTheOnlyTrainableWithoutAName) {
  const auto loaded = load("single");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->info.name, "Only");
  EXPECT_TRUE(load("single", "Only"));
}

TEST(Loader, NamesWhatALibraryHasWhereTheNameIsWrong) {
  const auto wrong = load("single", "MyNet");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, shown_path(path("single")) + " registers Only; no 'MyNet'");
  EXPECT_EQ(wrong.error().code, ErrorCode::kNotFound);
  const auto close = load("actors", "Aborst");
  ASSERT_FALSE(close);
  EXPECT_NE(close.error().hint.find("Aborts"), std::string::npos) << close.error().hint;
}

TEST(Loader, AsksForANameWhereThereAreSeveral) {
  const auto several = load("actors");
  ASSERT_FALSE(several);
  EXPECT_NE(several.error().message.find("registers ThreeSteps, Counts, "), std::string::npos);
  EXPECT_NE(several.error().hint.find(":ThreeSteps"), std::string::npos);
}

TEST(Loader, PassesOnTheWordsOfTheSystemsLoader) {
  const auto missing = load_trainable({TrainableRef::Kind::kLibrary, "X", "/nowhere/libmine.so", {}, {}}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message,
            "cannot load /nowhere/libmine.so: cannot open shared object file: No such file or directory");
  const auto no_library = load_trainable({TrainableRef::Kind::kLibrary, "X", "/etc/passwd", {}, {}}, {});
  ASSERT_FALSE(no_library);
  EXPECT_EQ(no_library.error().code, ErrorCode::kTrial);
  EXPECT_TRUE(no_library.error().message.starts_with("cannot load /etc/passwd: ")) << no_library.error().message;
}

TEST(Loader, RefusesLibrariesThatAreNoneOfTunes) {
  const auto nothing = load("nothing");
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("is not a tune library"), std::string::npos);
  const auto no_table = load("no_table");
  ASSERT_FALSE(no_table);
  EXPECT_NE(no_table.error().message.find("registers no trainable"), std::string::npos);
}

TEST(Loader, RefusesAnotherInterfaceByNumberAndVersions) {
  const auto other = load("other_abi");
  ASSERT_FALSE(other);
  const std::string& message = other.error().message;
  EXPECT_NE(message.find("libother_abi.so was built with the headers of tune 7.8.9 (trainable interface 2)"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("this is tune "), std::string::npos) << message;
  EXPECT_NE(message.find("(interface 1)"), std::string::npos) << message;
}

TEST(Loader, FindsCompiledInTrainablesByName) {
  const CompiledIn compiled_in{kBoth, {}};
  const auto found = load_trainable({TrainableRef::Kind::kBuiltin, "here", {}, {}, {}}, compiled_in);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->table, &kHere);
  const auto missing = load_trainable({TrainableRef::Kind::kBuiltin, "hree", {}, {}, {}}, compiled_in);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().message.find("here"), std::string::npos);
  EXPECT_NE(missing.error().hint.find("'here'"), std::string::npos) << missing.error().hint;
}

TEST(Loader, ListsNamesInOrder) {
  const auto names = list_builtin_names({kBoth, {}});
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_NE(std::find(names.begin(), names.end(), "here"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "there"), names.end());
}

TEST(Loader, HandsCommandsToTheirRunner) {
  std::string given;
  const CompiledIn compiled_in{{}, [&](const std::string& json) -> Result<const tune_trainable*> {
                                 given = json;
                                 return &kHere;
                               }};
  const auto loaded = load_trainable({TrainableRef::Kind::kCommand, {}, {}, "{\"run\":\"x\"}", {}}, compiled_in);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(given, "{\"run\":\"x\"}");
  const auto refused = load_trainable({TrainableRef::Kind::kCommand, {}, {}, "{}", {}}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST(Description, ComesBackAsItWas) {
  const auto loaded = load("actors", "ThreeSteps");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(description_from_json(description_to_json(loaded->info)).value(), loaded->info);
  const Error error{ErrorCode::kNotFound, "no \"such\"\nthing", "look elsewhere"};
  EXPECT_EQ(description_from_json(description_to_json(tl::unexpected<Error>(error))).error(), error);
  EXPECT_FALSE(description_from_json("terminate called"));
}

}  // namespace
}  // namespace tune
