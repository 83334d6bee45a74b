/**
 * A NestJS server that shares its sessions and users with a Django site.
 *
 * @module
 */
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Header,
  HttpException,
  Module,
  Post,
  Query,
  Redirect,
  Res,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createDjango } from 'async-django'
import { csrf } from 'async-django/csrf'
import { messages } from 'async-django/messages'
import { CurrentSession, DjangoModule } from 'async-django/nest'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import type { Response } from 'express'

import { Accounts, type Answer, failureOf } from './_accounts.ts'
import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { clear, count, field, readAdded, SessionPage } from './_session-page.ts'
import { authPasswordValidators, readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('NestJS')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
  users: kyselyUserStore(db),
  auth: { authPasswordValidators },
  csrf: csrf(),
  messages: messages(),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `NestJS on Node.js ${process.versions.node}`, django)
const accounts = new Accounts(settings, django)

@Controller()
class PageController {
  @Get('static/session.css')
  @Header('content-type', 'text/css')
  stylesheet(): string {
    return stylesheet
  }

  @Get()
  async page(@CurrentSession() session: CurrentSession): Promise<string> {
    return page.html(await session.load())
  }

  @Get('session.json')
  async json(@CurrentSession() session: CurrentSession): Promise<object> {
    return page.json(await session.load())
  }
}

@Controller()
class FormController {
  @Post('count')
  @Redirect('/')
  async count(@CurrentSession() session: CurrentSession): Promise<void> {
    await session.change(count)
  }

  @Post('add')
  async add(
    @CurrentSession() session: CurrentSession,
    @Body() form: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const added = readAdded(form)
    if ('problem' in added) {
      response.status(400).send(await page.html(await session.load(), added))
      return
    }
    session.set(added.key, added.json)
    response.redirect('/')
  }

  @Post('delete')
  @Redirect('/')
  delete(@CurrentSession() session: CurrentSession, @Body() form: unknown): void {
    session.delete(field(form, 'key'))
  }

  @Post('clear')
  @Redirect('/')
  async clear(@CurrentSession() session: CurrentSession): Promise<void> {
    clear(await session.load())
  }
}

@Controller()
class AccountController {
  @Get('me')
  async me(@CurrentSession() session: CurrentSession, @Res() response: Response): Promise<void> {
    send(response, await accounts.me(session))
  }

  @Get('log-in')
  async askLogIn(
    @CurrentSession() session: CurrentSession,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.askLogIn(session, field(query, 'next')))
  }

  @Post('log-in')
  async logIn(
    @CurrentSession() session: CurrentSession,
    @Body() form: unknown,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.logIn(session, form))
  }

  @Post('log-out')
  async logOut(
    @CurrentSession() session: CurrentSession,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.logOut(session))
  }

  @Get('register')
  async askRegister(
    @CurrentSession() session: CurrentSession,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.askRegister(session))
  }

  @Post('register')
  async register(
    @CurrentSession() session: CurrentSession,
    @Body() form: unknown,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.register(session, form))
  }

  @Get('password')
  async askPassword(
    @CurrentSession() session: CurrentSession,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.askPassword(session))
  }

  @Post('password')
  async changePassword(
    @CurrentSession() session: CurrentSession,
    @Body() form: unknown,
    @Res() response: Response,
  ): Promise<void> {
    send(response, await accounts.changePassword(session, form))
  }
}

@Catch()
class FailureFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const { status, message } =
      error instanceof HttpException
        ? { status: error.getStatus(), message: error.message }
        : failureOf(error)
    host.switchToHttp().getResponse<Response>().status(status).type('text').send(message)
  }
}

@Module({
  imports: [DjangoModule.forRoot({ django })],
  controllers: [PageController, FormController, AccountController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
app.useGlobalFilters(new FailureFilter())
await app.listen(settings.port, settings.host)
reportReady()

function send(response: Response, answer: Answer): void {
  if ('location' in answer) response.redirect(answer.location)
  else response.status(answer.status).send(answer.html)
}
